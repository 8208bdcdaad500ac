import { MemoryUserStore } from '../../../src/index';
import { createTestApp, PASSWORD, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const users = new MemoryUserStore();
const testApp = createTestApp({ users, limits: { username: false, address: false, register: false } });
const login = (body: object) => testApp.client().post('/auth/login').send(body);

beforeAll(async () => {
  await testApp.register('Ann');
  const disabled = await testApp.register('disabled');
  await users.update(disabled.id, { disabled: true });
  await users.create({ username: 'google-only', passwordHash: null });
  await users.create({ username: 'broken', passwordHash: '$2b$10$not-a-hash' });
});
afterAll(() => testApp.auth.close());

test('a login returns the user, and both tokens only as cookies', async () => {
  const response = await login({ username: ' aNN ', password: PASSWORD });
  expect([response.status, response.body]).toEqual([
    200,
    {
      message: 'Login successful',
      user: { id: expect.stringMatching(/./) as string, username: 'Ann', roles: [] },
    },
  ]);
  const attributes = ['HttpOnly', 'Path=/', 'SameSite=Strict'];
  const token = expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string;
  expect(setCookies(response)).toEqual({
    accessToken: { value: token, attributes },
    refreshToken: { value: token, attributes },
  });
  expect(response.headers['cache-control']).toBe('no-store');
});

test('login: false leaves the path to the app', async () => {
  const closed = createTestApp({ login: false }, (app) => {
    app.post('/auth/login', (_req, res) => res.status(410).json({ by: 'the app' }));
  });
  const response = await closed.client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
  expect([response.status, response.body]).toEqual([410, { by: 'the app' }]);
  await closed.auth.close();
});

test.each([
  ['a wrong password', { username: 'ann', password: 'wrong horse 9 battery' }],
  ['the right password in other letters', { username: 'ann', password: PASSWORD.toUpperCase() }],
  ['a password with a space too many', { username: 'ann', password: `${PASSWORD} ` }],
  ['an unknown user', { username: 'nobody', password: PASSWORD }],
  ['a disabled user', { username: 'disabled', password: PASSWORD }],
  ['a user without a password', { username: 'google-only', password: PASSWORD }],
  ['an invalid stored hash', { username: 'broken', password: PASSWORD }],
  ['the name of a member of every object', { username: '__proto__', password: PASSWORD }],
])('%s is INVALID_CREDENTIALS, without further details', async (_what, body) => {
  const response = await login(body);
  expectFailure(response, 'INVALID_CREDENTIALS');
  expect(response.headers['set-cookie']).toBeUndefined();
});

test.each<[string, object, string[]]>([
  ['nothing', {}, ['username', 'password']],
  ['an empty password', { username: 'ann', password: '' }, ['password']],
  ['an unknown transport', { username: 'ann', password: PASSWORD, transport: 'header' }, ['transport']],
  [
    'a transport of another type',
    { username: 'ann', password: PASSWORD, transport: ['body'] },
    ['transport'],
  ],
  ['remember as text', { username: 'ann', password: PASSWORD, remember: 'true' }, ['remember']],
  ['remember: null', { username: 'ann', password: PASSWORD, remember: null }, ['remember']],
])('%s is a validation failure that names the field', async (_what, body, paths) => {
  expectFailure(await login(body), 'VALIDATION_FAILED', paths);
});

test('credentials in the query string are not read', async () => {
  const query = { username: 'ann', password: PASSWORD };
  const response = await testApp.client().post('/auth/login').query(query).send({});
  expectFailure(response, 'VALIDATION_FAILED', ['username', 'password']);
});

test('each login starts its own session', async () => {
  const first = await testApp.loggedIn('ann');
  const second = await testApp.loggedIn('ann');
  const profiles = [await first.get('/profile'), await second.get('/profile')];
  expect(profiles.map(({ status }) => status)).toEqual([200, 200]);
  expect(profiles[0]?.body.sessionId).not.toBe(profiles[1]?.body.sessionId);
  // 128 random bits
  expect(profiles[0]?.body.sessionId).toMatch(/^[\w-]{22,}$/);
});
