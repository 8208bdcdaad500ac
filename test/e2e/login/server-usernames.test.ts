import { MemoryUserStore, PostgresUserStore } from '../../../src/index';
import { en } from '../../../src/messages/en';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';

const testApp = createTestApp({ usernameField: 'email' });
const { usernames } = testApp.auth;
afterAll(() => testApp.auth.close());

test.each<[string, unknown, number]>([
  ['a good one', 'ann', 0],
  ['one with spaces around it', ' ann ', 0],
  ['the longest', '🙂'.repeat(254), 0],

  ['one that is too long', '🙂'.repeat(255), 1],
  ['none', undefined, 1],
  ['null', null, 1],
  ['a number', 5, 1],
  ['a list', ['ann'], 1],
  ['an empty one', '', 1],
  ['white space', ' \t', 1],
  ['a NUL', 'an\0n', 1],
  ['a line feed', 'an\nn', 1],
  ['a lone surrogate', 'an\ud800n', 1],
  ['an invisible character', 'a\u200bnn', 1],
  ['__proto__', '__proto__', 0],
])('auth.usernames.problems finds in %s what POST /register finds', async (_name, email, count) => {
  const problems = usernames.problems(email);
  expect(problems).toHaveLength(count);
  const { body } = await testApp.client().post('/auth/register').send({ email, password: 'short' });
  const refused = (body as { errors: { path: string }[] }).errors.filter(({ path }) => path === 'email');
  expect(problems.map(({ path, message }) => ({ path, message }))).toEqual(refused);
});

test('auth.textOf gives a problem in the language of the request', () => {
  const [problem] = usernames.problems('an\nn');
  const req = { headers: { 'accept-language': 'ko' } } as never;
  expect(testApp.auth.textOf(problem as never, req)).toMatch(/[가-힣]/);
});

describe.each<[string, (database: TestDatabase) => Promise<MemoryUserStore | PostgresUserStore>]>([
  ['MemoryUserStore', () => Promise.resolve(new MemoryUserStore())],
  [
    'PostgresUserStore',
    async ({ pool }) => {
      const users = new PostgresUserStore(pool);
      await users.migrate();
      return users;
    },
  ],
])('%s', (_name, makeStore) => {
  let database: TestDatabase;
  let users: MemoryUserStore | PostgresUserStore;
  beforeAll(async () => {
    database = await createDatabase();
    users = await makeStore(database);
  });
  afterAll(() => database.close());

  test.each([
    ['an empty name', '', en.notEmpty],
    ['white space', ' \t\n', en.notEmpty],
    ['a line feed', 'an\nn', en.noControlCharacters],
    ['a C1 control character', 'an\u0085n', en.noControlCharacters],
    ['too many characters', 'a'.repeat(255), en.tooLong.replace('{count}', '254')],
  ])('makes no user with %s, and says why', async (_case, username, message) => {
    const refused = { code: 'VALIDATION_FAILED', status: 400, errors: [{ path: 'username', message }] };
    const identity = { issuer: 'https://id.example', subject: 'someone' };
    await expect(users.create({ username, passwordHash: null })).rejects.toMatchObject(refused);
    await expect(users.findOrCreate(identity, { username })).rejects.toMatchObject(refused);
    expect(await users.findByIdentity(identity)).toBeUndefined();
    expect(await users.findByUsername(username)).toBeUndefined();
  });

  test.each([
    ['a NUL', 'an\0n'],
    ['a number', 5],
    ['none', undefined],
  ])('refuses %s with a TypeError that names the call and the member', async (_case, username) => {
    const call = users.create({ username: username as string, passwordHash: null });
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(/^users\.create\(\): username must be a text/);
  });
});

test('a password of the right form is no problem of the username', () => {
  expect(usernames.problems(PASSWORD)).toEqual([]);
});
