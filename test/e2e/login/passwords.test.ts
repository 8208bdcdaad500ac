import { hashSync } from 'bcryptjs';
import { MemoryUserStore } from '../../../src/index';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';
import { expectFailure } from '../../helpers/failures';

useRealPasswords();
const users = new MemoryUserStore();
const testApp = createTestApp({ users });
const login = (body: object) => testApp.client().post('/auth/login').send(body);

afterAll(() => testApp.auth.close());

test('a password typed in another Unicode form is the same password', async () => {
  await testApp.register('unicode', 'Crème brûlée 42');
  const decomposed = 'Crème brûlée 42'.normalize('NFD');
  expect((await login({ username: 'unicode', password: decomposed })).status).toBe(200);
});

test.each([
  ['letters', 'k'.repeat(72)],
  ['emoji', '🦊'.repeat(18)],
])('a password counts beyond 72 bytes of %s', async (name, start) => {
  await testApp.register(`long ${name}`, `${start}one`);
  expectFailure(await login({ username: `long ${name}`, password: `${start}two` }), 'INVALID_CREDENTIALS');
  expectFailure(await login({ username: `long ${name}`, password: start }), 'INVALID_CREDENTIALS');
  expect((await login({ username: `long ${name}`, password: `${start}one` })).status).toBe(200);
});

test.each(['$2a$', '$2b$'])('an existing %s hash works, and is updated to the current cost', async (form) => {
  const weak = hashSync(PASSWORD, 4).replace('$2b$', form);
  const user = await users.create({ username: `old ${form}`, passwordHash: weak });
  expect((await login({ username: user.username, password: PASSWORD })).status).toBe(200);
  const { passwordHash } = (await users.findById(user.id)) ?? {};
  expect(passwordHash).toMatch(/^\$2b\$10\$/);
  expect((await login({ username: user.username, password: PASSWORD })).status).toBe(200);
  expect((await users.findById(user.id))?.passwordHash).toBe(passwordHash);
});

test('a wrong password does not touch a weak hash', async () => {
  const weak = hashSync(PASSWORD, 4);
  const user = await users.create({ username: 'weak', passwordHash: weak });
  expectFailure(await login({ username: 'weak', password: 'wrong' }), 'INVALID_CREDENTIALS');
  expect((await users.findById(user.id))?.passwordHash).toBe(weak);
});
