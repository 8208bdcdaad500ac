import { printable } from '../../src/utils/printable';

test.each([
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  '2001:db8::1%eth0',
  'Zoë Øster',
  'नेहा 👩‍💻 אן',
  'C:\\Users\\ann',
])('%s stays unchanged', (text) => expect(printable(text, 512)).toBe(text));

test.each([
  ['NUL', 'a\0b', 'a\\u{0}b'],
  ['CR LF', 'a\r\nb', 'a\\u{d}\\u{a}b'],
  ['ESC', '\x1b[31mred\x1b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
  ['DEL and the 8-bit CSI', 'a\x7fb\x9b31m', 'a\\u{7f}b\\u{9b}31m'],
  ['NEL', 'a\x85b', 'a\\u{85}b'],
  ['LINE SEPARATOR', 'a\u2028b', 'a\\u{2028}b'],
  ['PARAGRAPH SEPARATOR', 'a\u2029b', 'a\\u{2029}b'],
  ['RIGHT-TO-LEFT OVERRIDE', 'a\u202eb', 'a\\u{202e}b'],
  ['isolates', 'a\u2066b\u2069', 'a\\u{2066}b\\u{2069}'],
  ['half a character', 'a\ud83d', 'a\\u{d83d}'],
])('%s is escaped', (_name, text, shown) => {
  expect(printable(text, 512)).toBe(shown);
  expect(printable(shown, 512)).toBe(shown);
});

test('the result is never longer than the limit, including escapes', () => {
  expect(printable('x'.repeat(600), 512)).toBe('x'.repeat(512));
  expect(printable('\u2028'.repeat(600), 512)).toHaveLength(512);
});

test('a character at the limit is never cut in half', () => {
  expect(printable('ab💻', 3)).toBe('ab\\');
  expect(printable('ab💻', 3).isWellFormed()).toBe(true);
  // The escape in front moves the character to the limit, where the text is cut off again.
  expect(printable('\n💻', 6)).toBe('\\u{a}');
});
