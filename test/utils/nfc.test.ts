import { nfc } from '../../src/utils/nfc';

const composed = 'é'.repeat(2000);
const ACUTE = '\u0301';
const BELOW = '\u0316';

test('a long text of real letters is normalized', () => {
  expect(nfc(composed.normalize('NFD'))).toBe(composed);
});

test.each([512, 15])('a text of %i marks of two kinds is normalized as ever', (count) => {
  const marks = `a${ACUTE.repeat(count - 1)}${BELOW.repeat(count)}`;
  expect(nfc(marks)).toBe(marks.normalize('NFC'));
});

test('a long text with more marks in a row than any real one stays as it is', () => {
  const marks = ACUTE.repeat(4000) + BELOW.repeat(4000);
  expect(nfc(marks)).toBe(marks);
  const beforeMarks = composed.normalize('NFD') + ACUTE.repeat(31);
  expect(nfc(beforeMarks)).toBe(beforeMarks);
});
