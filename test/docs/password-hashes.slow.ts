import { createHash } from 'node:crypto';
import { hashSync } from 'bcryptjs';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, type Auth } from '../../src/index';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { useRealPasswords } from '../helpers/apps/quick-passwords';
import { useDocPage } from '../helpers/snippets';

useRealPasswords();

const page = useDocPage('docs/password-hashes.md');
const users = new MemoryUserStore();
const opened: Auth[] = [];
beforeAll(() =>
  Object.assign(process.env, { ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET }),
);
afterAll(async () => {
  delete process.env['ACCESS_TOKEN_SECRET'];
  delete process.env['REFRESH_TOKEN_SECRET'];
  await Promise.all(opened.map((auth) => auth.close()));
});

function evaluate<Exports>(name: string, modules: Record<string, unknown> = {}): Exports & { auth: Auth } {
  const exported = page.evaluate(name, { './users.mjs': { users }, ...modules }) as Exports & { auth?: Auth };
  if (exported.auth) opened.push(exported.auth);
  return exported as Exports & { auth: Auth };
}

const hashOf = async (username: string) => (await users.findByUsername(username))?.passwordHash ?? null;

test('scrypt replaces bcrypt, and hashes of WordPress and bcrypt still match', async () => {
  const { auth } = evaluate('scrypt');
  await auth.ready();
  expect(await auth.passwords.verify('test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0')).toBe(true);
  expect(await auth.passwords.verify(PASSWORD, hashSync(PASSWORD, 4))).toBe(true);
});

test('rows of Django log in, and users without a password have none', async () => {
  const { auth, importUser } = evaluate<{ importUser: (row: object) => Promise<void> }>('django');
  const password = 'pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c=';
  await importUser({ username: 'ann', password });
  await importUser({ username: 'bob', password: '!unusable' });
  await importUser({ username: 'eve', password: `bcrypt$${hashSync(PASSWORD, 4)}` });
  expect(await auth.passwords.verify('lètmein', await hashOf('ann'))).toBe(true);
  expect(await hashOf('bob')).toBeNull();
  expect(await auth.passwords.verify(PASSWORD, await hashOf('eve'))).toBe(true);
  expect(await auth.passwords.hash(PASSWORD)).toMatch(/^\$scrypt\$ln=17/);
});

test('rows of WordPress match, also those of passwords with quotes and spaces', async () => {
  const { auth } = evaluate('wordpress');
  expect(await auth.passwords.verify('test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0')).toBe(true);
  // As WordPress makes it of  it's "quoted"  with a space before and behind it.
  const hash = portable(`it\\'s \\"quoted\\"`);
  expect(await auth.passwords.verify(` it's "quoted" `, hash)).toBe(true);
  expect(await auth.passwords.verify(`it's quoted`, hash)).toBe(false);
});

test("an export of Auth0 has bcrypt hashes, which the package's defaults check", async () => {
  const { importUsers } = evaluate<{ importUsers: (lines: string[]) => Promise<void> }>('auth0');
  const passwordHash = hashSync(PASSWORD, 10);
  await importUsers([JSON.stringify({ email: 'ann@example.com', email_verified: true, passwordHash })]);
  const auth = createAuth({
    users,
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
  });
  opened.push(auth);
  expect(await auth.passwords.verify(PASSWORD, await hashOf('ann@example.com'))).toBe(true);
});

test('the package argon2 hashes in place of bcrypt, with its arguments in its own order', async () => {
  const digest = (password: string) => createHash('sha256').update(password).digest('base64');
  const argon2 = {
    hash: (password: string, { memoryCost }: { memoryCost: number }) =>
      Promise.resolve(`$argon2id$v=19$m=${memoryCost}$${digest(password)}`),
    verify: (hash: string, password: string) => Promise.resolve(hash.endsWith(digest(password))),
    needsRehash: (hash: string, { memoryCost }: { memoryCost: number }) => !hash.includes(`m=${memoryCost}$`),
  };
  const { auth } = evaluate('argon2-package', { argon2: { __esModule: true, default: argon2 } });
  await auth.ready();
  const hash = await auth.passwords.hash(PASSWORD);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456\$/);
  expect(await auth.passwords.verify(PASSWORD, hash)).toBe(true);
  expect(await auth.passwords.verify('wrong', hash)).toBe(false);
});

test('routes of your own have the rules and hashes of the package', async () => {
  const { signUp, logIn } = evaluate<{
    signUp: (username: string, password: string) => Promise<{ problems?: object[]; user?: object }>;
    logIn: (req: object) => Promise<{ username: string }>;
  }>('passwords');
  expect(await signUp('carl', 'password')).toEqual({
    problems: [
      expect.objectContaining({
        path: 'password',
        message: expect.stringMatching(/^is one of the most common/) as string,
      }),
    ],
  });
  expect(await signUp('carl', PASSWORD)).toMatchObject({ user: { username: 'carl' } });
  const from = { ip: '192.0.2.1', get: () => 'a browser' };
  const codeOf = (body?: object) => logIn({ ...from, body }).catch(({ code }: { code: string }) => code);
  expect(await codeOf({ username: 'carl', password: PASSWORD })).toMatchObject({ username: 'carl' });
  expect(await codeOf({ username: 'carl', password: 'wrong' })).toBe('INVALID_CREDENTIALS');
  expect(await codeOf({ username: 'unknown', password: PASSWORD })).toBe('INVALID_CREDENTIALS');
  expect(await codeOf()).toBe('VALIDATION_FAILED');
});

/** phpass' portable hash of 2^7 rounds. */
function portable(password: string): string {
  const digits = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const md5 = (bytes: Buffer) =>
    createHash('md5')
      .update(Buffer.concat([bytes, Buffer.from(password)]))
      .digest();
  let digest = md5(Buffer.from('saltsalt'));
  for (let round = 0; round < 128; round += 1) digest = md5(digest);
  let bits = BigInt(`0x${Buffer.from(digest).reverse().toString('hex')}`);
  let text = '';
  for (let index = 0; index < 22; index += 1, bits >>= 6n) text += digits[Number(bits & 63n)] ?? '';
  return `$P$5saltsalt${text}`;
}
