import { MemoryUserStore } from '../../../src';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { MapUserStore } from '../../stores/map-stores';

test.each([
  ['MemoryUserStore', () => new MemoryUserStore()],
  ['a store of the app', () => new MapUserStore()],
])('a renamed user of %s stays logged in, and logs in by the new name only', async (_name, makeUsers) => {
  const users = makeUsers();
  const app = createTestApp({ users });
  const { id } = await app.register('ann');
  const ann = await app.loggedIn('ann');
  expect(await users.updateUsername(id, 'ann.lee', 'ann')).toBe(true);
  await ann.get('/auth/check').expect(200);
  await ann.post('/auth/refresh').expect(200);
  const { body } = await ann.get('/auth/info').expect(200);
  expect(body.user).toMatchObject({ id, username: 'ann.lee' });
  const login = (username: string) => app.client().post('/auth/login').send({ username, password: PASSWORD });
  expect((await login('ann')).body.code).toBe('INVALID_CREDENTIALS');
  expect((await login('Ann.Lee')).body.user).toMatchObject({ id, username: 'ann.lee' });
  await app.auth.close();
});

test('failed logins stay with the old name of a renamed user', async () => {
  const users = new MemoryUserStore();
  const app = createTestApp({ users, limits: { username: { failures: 2 } } });
  const { id } = await app.register('ann');
  const login = (username: string, password: string) =>
    app.client().post('/auth/login').send({ username, password });
  for (const status of [401, 401, 429]) expect((await login('ann', 'a guess')).status).toBe(status);
  await users.updateUsername(id, 'ann.lee', 'ann');
  expect((await login('ann.lee', PASSWORD)).status).toBe(200);
  await app.register('ann');
  expect((await login('ann', PASSWORD)).status).toBe(429);
  await app.auth.close();
});
