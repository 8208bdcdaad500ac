import { dictionary } from '@zxcvbn-ts/language-common';
import { isCommonPassword } from '../../src/utils/common-passwords';

test.each(['password1', 'PASSWORD1', 'PassWord1', 'qwertyuiop', '12345678', 'iloveyou'])(
  '%s is common',
  (password) => {
    expect(isCommonPassword(password)).toBe(true);
  },
);

test.each(['correct horse 9 battery', 'password1 password1', 'x8$kLm2!qa', 'constructor', '__proto__', ''])(
  '%j is not common',
  (password) => {
    expect(isCommonPassword(password)).toBe(false);
  },
);

test('each of the 3000 most common passwords of at least 8 characters is known (ASVS 5.0 §6.2.4)', () => {
  const longEnough = (dictionary['passwords-common'] ?? []).map(String).filter((each) => each.length >= 8);
  const top = longEnough.slice(0, 3000);
  expect(top).toHaveLength(3000);
  expect(top.filter((each) => !isCommonPassword(each))).toEqual([]);
});
