import fc from 'fast-check';
import { PasswordHasher } from '../../src/accounts/password-hasher';
import { runs } from './runs';

/** The lowest cost that bcrypt has. The comparison doesn't depend on it. */
const hasher = new PasswordHasher(4);
afterAll(() => hasher.close());

/** Passwords that the schemas accept: well-formed, without NUL. Many have about 72 bytes, where bcrypt could cut them off. */
const passwords = fc
  .tuple(
    fc.constantFrom('', 'x'.repeat(70), 'x'.repeat(71), 'x'.repeat(72), '\u00e9'.repeat(36), 'x'.repeat(200)),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).map((text) => text.replaceAll('\0', ' ')),
  )
  .map((parts) => parts.join(''));
const variants = fc.constantFrom<((password: string) => string)[]>(
  (password) => `${password}x`,
  (password) => password.slice(0, -1).toWellFormed(),
  (password) => password.slice(0, 72).toWellFormed(),
  (password) => password + password,
  (password) => ` ${password}`,
  (password) => password.toUpperCase(),
);

test('a different password never matches, however similar or long it is, and the same one matches in either Unicode form', async () => {
  const property = fc.asyncProperty(passwords, passwords, variants, async (password, stranger, change) => {
    const stored = await hasher.hash(password);
    const matches = async (typed: string) => (await hasher.verify(typed, stored)).matches;
    const isSame = (typed: string) => typed.normalize('NFC') === password.normalize('NFC');
    expect(await matches(password.normalize('NFD'))).toBe(true);
    for (const typed of [stranger, change(password), stored])
      expect(await matches(typed)).toBe(isSame(typed));
  });
  await fc.assert(property, runs(25));
});

test('a stored text that is no hash matches no password', async () => {
  const stored = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 70 }),
    fc.string({ maxLength: 60 }).map((text) => `$2b$04$${text}`),
    fc.constantFrom('$2b$04$', '$2b$99$', 'hmac-sha384', 'hmac-sha384$2b$04$', '$2y$10$x', '$argon2id$v=19'),
  );
  const property = fc.asyncProperty(passwords, stored, async (password, text) => {
    expect((await hasher.verify(password, text)).matches).toBe(false);
  });
  await fc.assert(property, runs(25));
});
