import request from 'supertest';
import {
  createRealStores,
  createTestApp,
  PASSWORD,
  type RealStores,
  type TestApp,
} from '../helpers/apps/app';

let stores: RealStores;
let testApp: TestApp;

beforeAll(async () => {
  stores = await createRealStores();
  testApp = createTestApp(stores.options);
});
afterAll(async () => {
  await testApp.auth.close();
  await stores.close();
});

test('registration, login, guard, refresh and logout work on real PostgreSQL and Redis', async () => {
  const browser = request.agent(testApp.app);
  const registered = await browser.post('/auth/register').send({ username: 'Ann', password: PASSWORD });
  expect(registered.status).toBe(201);
  expect((await browser.get('/profile')).body).toEqual({
    code: 'NO_ACCESS_TOKEN',
    message: 'No access token',
  });

  const login = await browser.post('/auth/login').send({ username: 'ann', password: PASSWORD });
  expect(login.body).toEqual({ message: 'Login successful', user: registered.body.user });
  const profile = await browser.get('/profile');
  expect(profile.body).toMatchObject({ id: registered.body.user.id, roles: [] });
  expect((await browser.get('/auth/check')).body).toEqual({ user: profile.body });
  expect((await browser.get('/auth/info')).body).toEqual({ user: registered.body.user });

  expect((await browser.post('/auth/refresh')).body).toEqual({ message: 'Token refreshed' });
  expect((await browser.get('/profile')).status).toBe(200);
  expect((await browser.post('/auth/logout')).body).toEqual({ message: 'User Logout' });
  expect((await browser.get('/profile')).body.code).toBe('NO_ACCESS_TOKEN');
  expect((await browser.post('/auth/refresh')).body.code).toBe('NO_REFRESH_TOKEN');
});
