import { createRealStores, createTestApp, PASSWORD } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const testApp = createTestApp({ limits: { register: false } });
const register = (body: object) => testApp.client().post('/auth/register').send(body);

afterAll(() => testApp.auth.close());

test('registering answers 201 with the user, and does not log in', async () => {
  const response = await register({ username: 'ann', password: PASSWORD });
  expect(response.status).toBe(201);
  expect(response.body).toEqual({
    message: 'Registration successful',
    user: { id: expect.stringMatching(/./) as string, username: 'ann', roles: [] },
  });
  expect(response.headers['set-cookie']).toBeUndefined();
  expect(response.headers['cache-control']).toBe('no-store');
});

test("a registration can't choose a role or an id: it is refused, and creates nobody", async () => {
  const mallory = { username: 'mallory', password: PASSWORD };
  const more = { id: '1', roles: ['admin'], disabled: true, passwordHash: 'x' };
  expectFailure(await register({ ...mallory, ...more }), 'VALIDATION_FAILED', Object.keys(more));
  expect((await register(mallory)).status).toBe(201);
});

describe('a username belongs to one user', () => {
  beforeAll(() => testApp.register('  Zo\u0065\u0308 '));

  test.each(['Zoë', 'zoë', 'ZOË', ' zo\u0065\u0308\t'])('%j is taken', async (username) => {
    expectFailure(await register({ username, password: PASSWORD }), 'USERNAME_TAKEN');
  });

  test('the username is shown as registered, trimmed and composed', async () => {
    const response = await testApp.client().post('/auth/login').send({ username: 'zOË', password: PASSWORD });
    expect(response.body.user.username).toBe('Zoë');
  });
});

test.each<[what: string, body: object, paths: string[]]>([
  ['no fields', {}, ['username', 'password']],
  ['no username', { password: PASSWORD }, ['username']],
  ['no password', { username: 'bob' }, ['password']],
  ['an empty username', { username: '', password: PASSWORD }, ['username']],
  ['a username of white space', { username: ' \t\n', password: PASSWORD }, ['username']],
  ['a username of 255 characters', { username: 'n'.repeat(255), password: PASSWORD }, ['username']],
  ['a line break in the username', { username: 'bob\nadmin', password: PASSWORD }, ['username']],
  ['a password of 7 characters', { username: 'bob', password: 'g7#kQz!' }, ['password']],
  ['a password of 7 emoji', { username: 'bob', password: '🐙🦊🐢🦉🐝🐍🐳' }, ['password']],
  [
    'a password that is 7 characters when composed',
    { username: 'bob', password: 'g7#kQze\u0308' },
    ['password'],
  ],
  ['a common password', { username: 'bob', password: 'password123' }, ['password']],
  ['a common password in capitals', { username: 'bob', password: 'PASSWORD123' }, ['password']],
  ['the username as password', { username: 'bob.the-builder', password: 'Bob.The-Builder' }, ['password']],
])('%s is refused, naming the field', async (_what, body, paths) => {
  expectFailure(await register(body), 'VALIDATION_FAILED', paths);
});

test.each([
  ['a username of 254 characters', { username: 'n'.repeat(254), password: PASSWORD }],
  ['a username of 254 emoji', { username: '🦊'.repeat(254), password: PASSWORD }],
  ['a password of 8 emoji', { username: 'emoji', password: '🐙🦊🐢🦉🐝🐍🐳🦔' }],
  ['a password of only lower-case letters', { username: 'small', password: 'gentlemoonrivercastle' }],
  ['a password of only digits', { username: 'digits', password: '8462917350118264' }],
  ['a password of 64 characters', { username: 'long', password: 'x7#'.repeat(22).slice(0, 64) }],
  ['a password of 1000 characters', { username: 'longer', password: 'y8% '.repeat(250) }],
])('%s is accepted, and logs in', async (_what, credentials) => {
  expect((await register(credentials)).status).toBe(201);
  expect((await testApp.client().post('/auth/login').send(credentials)).status).toBe(200);
});

test('one of several parallel registrations of one username in PostgreSQL wins', async () => {
  const stores = await createRealStores();
  const real = createTestApp(stores.options);
  const names = ['Eve', 'eve', 'EVE', 'eVe'];
  const responses = await Promise.all(
    names.map((username) => real.client().post('/auth/register').send({ username, password: PASSWORD })),
  );
  expect(responses.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  for (const refused of responses.filter(({ status }) => status === 409)) {
    expectFailure(refused, 'USERNAME_TAKEN');
  }
  await real.auth.close();
  await stores.close();
});

describe('options', () => {
  test('register: false leaves the path to the app', async () => {
    const closed = createTestApp({ register: false }, (app) => {
      app.post('/auth/register', (_req, res) => res.status(410).json({ by: 'the app' }));
    });
    const response = await closed
      .client()
      .post('/auth/register')
      .send({ username: 'bob', password: PASSWORD });
    expect([response.status, response.body]).toEqual([410, { by: 'the app' }]);
  });

  test('usernameField and passwordField name the members, also in errors', async () => {
    const german = createTestApp({ usernameField: 'email', passwordField: 'kennwort' });
    const post = (path: string, body: object) => german.client().post(`/auth/${path}`).send(body);
    const credentials = { email: 'ann@example.com', kennwort: PASSWORD };
    expectFailure(await post('register', { username: 'ann', password: PASSWORD }), 'VALIDATION_FAILED', [
      ...['email', 'kennwort', 'username', 'password'],
    ]);
    expectFailure(await post('login', {}), 'VALIDATION_FAILED', ['email', 'kennwort']);
    expect((await post('register', credentials)).body.user.username).toBe('ann@example.com');
    expect((await post('login', credentials)).status).toBe(200);
    await german.auth.close();
  });

  test('password.minLength sets the minimum', async () => {
    const strict = createTestApp({ password: { cost: 10, minLength: 12 } });
    const post = (password: string) =>
      strict.client().post('/auth/register').send({ username: 'ann', password });
    expectFailure(await post('g7#kQz!mmW2'), 'VALIDATION_FAILED', ['password']);
    expect((await post('g7#kQz!mmW2x')).status).toBe(201);
    await strict.auth.close();
  });
});
