import { isCommonPassword } from '../../src/utils/common-passwords';

test.each(['password1', 'PASSWORD1', 'PassWord1', 'qwertyuiop', '12345678', 'iloveyou'])(
  '%s is common',
  (password) => {
    expect(isCommonPassword(password)).toBe(true);
  },
);

test.each(['correct horse 9 battery', 'password1 password1', 'x8$kLm2!qa', 'constructor', '__proto__', ''])(
  '%j is not',
  (password) => {
    expect(isCommonPassword(password)).toBe(false);
  },
);
