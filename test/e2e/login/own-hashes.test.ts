import { hashSync } from 'bcryptjs';
import { MemoryUserStore } from '../../../src/index';
import { pbkdf2, phpass, scrypt } from '../../../src/hashes';
import { createTestApp, PASSWORD, type TestOptions } from '../../helpers/apps/app';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';

useRealPasswords();

const QUICK = { cost: 16, blockSize: 1 };
const OURS = /^\$scrypt\$ln=4,r=1,p=1\$/;

function appWith(password: TestOptions['password']) {
  const users = new MemoryUserStore();
  const testApp = createTestApp({ users, password: { cost: 10, ...password } });
  const post = (path: string, body: object) => testApp.client().post(`/auth/${path}`).send(body);
  const hashOf = async (username: string) => (await users.findByUsername(username))?.passwordHash;
  return { ...testApp, users, post, hashOf };
}

describe('with scrypt as password.hasher', () => {
  const app = appWith({ hasher: scrypt(QUICK), verifiers: [pbkdf2(), phpass()], long: 'refuse' });
  beforeAll(() => app.auth.ready());
  afterAll(() => app.auth.close());

  test('a user registers, logs in and changes the password, all in its form', async () => {
    await app.post('register', { username: 'ann', password: PASSWORD }).expect(201);
    const first = await app.hashOf('ann');
    expect(first).toMatch(OURS);
    const ann = app.browser();
    await ann.post('/auth/login').send({ username: 'ann', password: PASSWORD }).expect(200);
    expect(await app.hashOf('ann')).toBe(first);
    const newPassword = `${PASSWORD} and more`;
    await ann.post('/auth/password').send({ currentPassword: 'wrong', newPassword }).expect(401);
    await ann.post('/auth/password').send({ currentPassword: PASSWORD, newPassword }).expect(200);
    expect(await app.hashOf('ann')).toMatch(OURS);
    await app.post('login', { username: 'ann', password: PASSWORD }).expect(401);
    await app.post('login', { username: 'ann', password: newPassword }).expect(200);
  });

  test.each([
    ['bcrypt', 'right', hashSync('right', 4)],
    ['Django', 'lètmein', 'pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c='],
    ['WordPress', 'test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
    ['WordPress 6.8', 'admin', '$wp$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES'],
  ])(
    'a row of %s logs in with its password only, and has the new form then',
    async (username, password, passwordHash) => {
      await app.users.create({ username, passwordHash });
      await app.post('login', { username, password: 'wrong' }).expect(401);
      expect(await app.hashOf(username)).toBe(passwordHash);
      await app.post('login', { username, password }).expect(200);
      expect(await app.hashOf(username)).toMatch(OURS);
      await app.post('login', { username, password }).expect(200);
    },
  );

  test("a password longer than bcrypt's 72 bytes registers, whatever password.long says of bcrypt", async () => {
    const password = `${PASSWORD} `.repeat(10);
    await app.post('register', { username: 'long', password }).expect(201);
    await app.post('login', { username: 'long', password }).expect(200);
    await app.post('login', { username: 'long', password: password.slice(0, 72) }).expect(401);
  });

  test.each([
    [
      'scrypt',
      '$scrypt$ln=40,r=8,p=1$c29tZXNhbHQ$Qk1JQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE',
      /256 MiB/,
    ],
    ['bcrypt', `$2b$31$${'a'.repeat(53)}`, /a bcrypt cost of 31, more than 16/],
    ['long bcrypt', `hmac-sha384$2b$17$${'a'.repeat(53)}`, /a bcrypt cost of 17, more than 16/],
    ['WordPress', `$wp$2y$15$${'a'.repeat(53)}`, /a bcrypt cost of 15/],
    ['phpass', `$P$Q${'a'.repeat(30)}`, /rounds of 2 to the/],
    ['Django', `pbkdf2_sha256$1000000000$salt$${'a'.repeat(43)}=`, /iterations/],
  ])(
    'a hash of %s that would take minutes is 401 at once, and the event says why without the hash',
    async (scheme, passwordHash, problem) => {
      const username = `costly ${scheme}`;
      const failures: object[] = [];
      app.auth.events.once('loginFailed', (event) => failures.push(event));
      await app.users.create({ username, passwordHash });
      await app.post('login', { username, password: 'x' }).expect(401);
      expect(failures).toMatchObject([
        { username, reason: 'unusable-hash', problem: expect.stringMatching(problem) },
      ]);
      expect(JSON.stringify(failures)).not.toContain(passwordHash.slice(-30));
    },
  );
});

test("an error of the app's hasher goes to next(error): no login, no user, and no password in it", async () => {
  const plain = { hash: (password: string) => `plain:${password}`, verify: () => false };
  const app = appWith({ hasher: { ...plain, verify: (p, hash) => hash === `plain:${p}` } });
  await app.post('register', { username: 'ann', password: PASSWORD }).expect(201);
  await app.auth.close();

  const broken = appWith({
    hasher: {
      hash: () => Promise.reject(new Error('no memory')),
      verify: () => Promise.reject(new Error('no memory')),
    },
  });
  await broken.users.create({ username: 'ann', passwordHash: 'plain:x' });
  for (const [path, username] of [
    ['login', 'ann'],
    ['login', 'unknown'],
    ['register', 'bob'],
  ] as const) {
    const { headers } = await broken.post(path, { username, password: PASSWORD }).expect(500);
    expect(headers).not.toHaveProperty('set-cookie');
  }
  expect(await broken.users.findByUsername('bob')).toBeUndefined();
  for (const error of broken.unforeseen) {
    expect(error).toMatchObject({
      message: 'password.hasher.hash has failed',
      cause: new Error('no memory'),
    });
    expect(String((error as Error).stack)).not.toContain(PASSWORD);
  }
  expect(broken.unforeseen).toHaveLength(3);
  await expect(broken.auth.ready()).rejects.toThrow('password.hasher.hash has failed');
  await broken.auth.close();
});
