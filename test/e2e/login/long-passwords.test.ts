import { compareSync, hashSync } from 'bcryptjs';
import { MemoryUserStore } from '../../../src/index';
import { PasswordHasher } from '../../../src/accounts/password-hasher';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { refusal } from '../../helpers/apps/options';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';

useRealPasswords();

const exactly = (bytes: number, text = 'long enough ') => text.padEnd(bytes, 'abc');
const KOREAN = '비밀번호는 아주 길다 그래도 괜찮다 정말로 '; // 3 bytes a syllable

describe("password.long: 'refuse'", () => {
  const users = new MemoryUserStore();
  const testApp = createTestApp({ users, password: { cost: 10, long: 'refuse' } });
  afterAll(() => testApp.auth.close());
  const post = (path: string, body: object) => testApp.client().post(`/auth/${path}`).send(body);

  test.each([
    ['73 bytes', exactly(73)],
    ['73 bytes of 25 characters', `${KOREAN.slice(0, 25)}x`.padEnd(40, '가')],
  ])('a password of %s is refused at registration, by name', async (_what, password) => {
    const { body } = await post('register', { username: 'ann', password }).expect(400);
    expect(body).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'password', message: 'must be at most 72 bytes long in UTF-8' }],
    });
  });

  test('the message is in Korean too', async () => {
    const { body } = await post('register', { username: 'ann', password: exactly(80) }).set(
      'Accept-Language',
      'ko',
    );
    expect(body).toMatchObject({ errors: [{ message: 'UTF-8로 72바이트 이하여야 합니다.' }] });
  });

  test("one of 72 bytes is hashed so that the app's own bcrypt can check it, and a longer one is refused as a new one", async () => {
    const password = exactly(72);
    await post('register', { username: 'bob', password }).expect(201);
    const stored = await users.findByUsername('bob');
    expect(compareSync(password, stored?.passwordHash ?? '')).toBe(true);
    const bob = testApp.browser();
    await bob.post('/auth/login').send({ username: 'bob', password }).expect(200);
    expect((await users.findByUsername('bob'))?.passwordHash).toBe(stored?.passwordHash);
    const change = { currentPassword: password, newPassword: exactly(73) };
    const { body } = await bob.post('/auth/password').send(change).expect(400);
    expect(body).toMatchObject({ errors: [{ path: 'newPassword' }] });
  });

  test('a longer one is 401 at login, though bcrypt alone would take its first 72 bytes', async () => {
    await users.create({ username: 'old', passwordHash: hashSync(exactly(72), 10) });
    await post('login', { username: 'old', password: exactly(73) }).expect(401);
    await post('login', { username: 'old', password: exactly(72) }).expect(200);
  });
});

test('a form from before is read, and becomes one that other code can check', async () => {
  const [before, now] = [new PasswordHasher(4), new PasswordHasher(4, 'refuse')];
  const [edge, long] = [await before.hash(exactly(72)), await before.hash(exactly(73))];
  expect(await now.verify(exactly(72), edge)).toEqual({ matches: true, needsRehash: true });
  expect(compareSync(exactly(72), await now.hash(exactly(72)))).toBe(true);
  expect(await now.verify(exactly(73), long)).toEqual({ matches: false, needsRehash: false });
  await expect(now.hash(exactly(73))).rejects.toThrow(RangeError);
  await Promise.all([before.close(), now.close()]);
});

test('by default a long password works, and another value of the option is refused', async () => {
  const { auth, client } = createTestApp({ password: { cost: 10 } });
  const credentials = { username: 'ann', password: `${PASSWORD} ${exactly(80)}` };
  await client().post('/auth/register').send(credentials).expect(201);
  await client().post('/auth/login').send(credentials).expect(200);
  await auth.close();
  expect(refusal({ 'password.long': 'cut' }).message).toContain('password.long');
});
