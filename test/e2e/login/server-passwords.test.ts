import { hashSync } from 'bcryptjs';
import { MemoryUserStore } from '../../../src/index';
import { scrypt } from '../../../src/hashes';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';
import { startStopwatch } from '../../helpers/within';

useRealPasswords();

const QUICK = { cost: 16, blockSize: 1 };
const users = new MemoryUserStore();
const testApp = createTestApp({
  users,
  passwordField: 'secret',
  password: { minLength: 10, hasher: scrypt(QUICK) },
});
const { passwords } = testApp.auth;
afterAll(() => testApp.auth.close());

const post = (path: string, body: object) => testApp.client().post(`/auth/${path}`).send(body);

test('auth.passwords hashes and verifies as the endpoints do', async () => {
  await users.create({ username: 'ann', passwordHash: await passwords.hash(PASSWORD) });
  await post('login', { username: 'ann', secret: PASSWORD }).expect(200);
  await post('register', { username: 'bob', secret: PASSWORD }).expect(201);
  const hash = (await users.findByUsername('bob'))?.passwordHash ?? '';
  const origin = { ip: '192.0.2.1', userAgent: 'a browser' };
  expect(await passwords.verify(PASSWORD, hash, origin)).toBe(true);
  expect(await passwords.verify('wrong', hash)).toBe(false);
  expect(await passwords.verify(PASSWORD, null)).toBe(false);
  expect(await passwords.verify(PASSWORD, '')).toBe(false);
});

test('auth.passwords.prove replaces a weak hash, as a login does', async () => {
  const { id } = await users.create({ username: 'carl', passwordHash: hashSync(PASSWORD, 4) });
  for (let count = 0; count < 2; count += 1) {
    expect((await passwords.prove('carl', PASSWORD)).id).toBe(id);
    expect((await users.findById(id))?.passwordHash).toMatch(/^\$scrypt\$ln=4/);
  }
});

test.each<[string, string, string]>([
  ['an empty one', '', 'must not be empty'],
  ['one of 50 MB', 'a\u0301'.repeat(17e6), 'must be at most 16384 characters long'],
  ['one with NUL', `${PASSWORD}\0`, 'must not contain NUL'],
  ['one with a lone surrogate', `${PASSWORD}\ud800`, 'must be well-formed Unicode'],
])(
  'a password that POST /login refuses is no right one, and gets no hash: %s',
  async (_name, password, why) => {
    const elapsed = startStopwatch();
    const hash = await passwords.hash(PASSWORD);
    await expect(passwords.hash(password)).rejects.toThrow(
      new TypeError(`passwords.hash(): password ${why}`),
    );
    expect(await passwords.verify(password, hash)).toBe(false);
    expect(passwords.problems(password)).toHaveLength(1);
    expect(elapsed()).toBeLessThan(2000);
  },
);

test('a password of as many characters as a body has room for is hashed and verified', async () => {
  const password = 'é'.repeat(16_384);
  expect(await passwords.verify(password, await passwords.hash(password))).toBe(true);
});

test.each<[string, unknown, number]>([
  ['a good one', PASSWORD, 0],
  ['one that is too short', 'too short', 1],
  ['a common one', 'password123', 1],
  ['the username', 'ann-with-a-long-name', 1],
  ['the username in another case', 'ANN-with-a-long-name', 1],
  ['an empty one', '', 1],
  ['none', undefined, 1],
  ['a number', 12345678901, 1],
  ['one with NUL', `${PASSWORD}\0`, 1],
])('auth.passwords.problems finds in %s what POST /register finds', async (_name, secret, count) => {
  const username = 'ann-with-a-long-name';
  const problems = passwords.problems(secret, { username });
  expect(problems).toHaveLength(count);
  if (count === 0) return;
  const { body } = (await post('register', { username, secret }).expect(400)) as {
    body: { errors: { path: string; message: string }[] };
  };
  const told = body.errors.filter(({ path }) => path === 'secret');
  expect(problems.map(({ path, message: text }) => ({ path, message: text }))).toEqual(told);
});

test('auth.passwords.problems takes any value of a body as the username', () => {
  for (const username of [undefined, null, 5, {}])
    expect(passwords.problems(PASSWORD, { username })).toEqual([]);
});

test('auth.textOf gives a problem in the language of the request', () => {
  const [problem] = passwords.problems('short');
  const req = { headers: { 'accept-language': 'ko' } } as never;
  expect(testApp.auth.textOf(problem as never, req)).toMatch(/[가-힣]/);
});

test.each<[string, () => unknown, string]>([
  ['no password', () => passwords.hash(undefined as never), 'passwords.hash(): password must be a text'],
  [
    'no hash',
    () => passwords.verify('x', undefined as never),
    'passwords.verify(): hash must be a text, not',
  ],
  ['a request', () => passwords.verify('x', null, { req: 1 } as never), 'Unknown option req'],
  [
    'a name',
    () => Promise.reject(thrownBy(() => passwords.problems('x', 'ann' as never))),
    'passwords.problems() needs an object',
  ],
])('%s is a TypeError that names the call', async (_name, call, message) => {
  await expect(call()).rejects.toThrow(TypeError);
  await expect(call()).rejects.toThrow(message);
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return new Error('nothing was thrown');
}
