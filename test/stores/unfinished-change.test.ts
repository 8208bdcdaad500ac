import { isMarked, withMark, withoutMark } from '../../src/stores/unfinished-change';

const rest = 'c2FsdHNhbHRzYWx0$MDEyMzQ1Njc4OTAxMjM0NTY3ODkw';

test.each([
  `$2b$12$${'x'.repeat(53)}`,
  `hmac-sha384$2b$12$${'x'.repeat(53)}`,
  `$argon2id$v=19$m=19456,t=2,p=1$${rest}`,
  `$scrypt$ln=14,r=8,p=1$${rest}`,
  `$pbkdf2-sha256$600000$${rest}`,
  `pbkdf2_sha256$600000$${rest}`,
  `{bcrypt}$2a$10$${'x'.repeat(53)}`,
])('%s takes a mark that changes no length, and loses it again', (hash) => {
  const marked = withMark(hash);
  expect([isMarked(hash), isMarked(marked), marked.length]).toEqual([false, true, hash.length]);
  expect(marked).not.toContain('$$');
  expect([withoutMark(marked), withoutMark(hash), withMark(marked)]).toEqual([hash, hash, marked]);
});

test.each(['', '$', '~', '!', '!x9$kQ', 'e10adc3949ba59abbe56e057f20f883e', '{SSHA}fDN~aA==', 'a~b', '$P'])(
  '%j is no hash that takes a mark, and has none',
  (text) => {
    expect([withMark(text), withoutMark(text), isMarked(text)]).toEqual([text, text, false]);
  },
);

test('a user without a password has no mark', () => {
  expect(isMarked(null)).toBe(false);
});
