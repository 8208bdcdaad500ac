import { hashSync } from 'bcryptjs';
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

describe('passwords', () => {
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

  test.each(['$2a$', '$2b$'])(
    'an existing %s hash works, and is updated to the current cost',
    async (form) => {
      const weak = hashSync(PASSWORD, 4).replace('$2b$', form);
      const user = await users.create({ username: `old ${form}`, passwordHash: weak });
      expect((await login({ username: user.username, password: PASSWORD })).status).toBe(200);
      const { passwordHash } = (await users.findById(user.id)) ?? {};
      expect(passwordHash).toMatch(/^\$2b\$10\$/);
      expect((await login({ username: user.username, password: PASSWORD })).status).toBe(200);
      expect((await users.findById(user.id))?.passwordHash).toBe(passwordHash);
    },
  );

  test('a wrong password does not touch a weak hash', async () => {
    const weak = hashSync(PASSWORD, 4);
    const user = await users.create({ username: 'weak', passwordHash: weak });
    expectFailure(await login({ username: 'weak', password: 'wrong' }), 'INVALID_CREDENTIALS');
    expect((await users.findById(user.id))?.passwordHash).toBe(weak);
  });

  test('an unknown user takes as long as a wrong password', async () => {
    const took = async (username: string) => {
      const started = performance.now();
      await login({ username, password: 'wrong horse 9 battery' });
      return performance.now() - started;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      known.push(await took('ann'));
      unknown.push(await took('nobody'));
    }
    // Hashing takes tens of milliseconds; a lookup without it would take none.
    const ratio = Math.min(...unknown) / Math.min(...known);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
  });

  test('when too many passwords wait to be hashed, further logins get 503, and the others get a result', async () => {
    const parallel = Array.from({ length: 110 }, () => login({ username: 'nobody', password: 'wrong' }));
    const responses = await Promise.all(parallel);
    const refused = responses.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) expectFailure(response, 'SERVICE_UNAVAILABLE');
    for (const response of responses.filter(({ status }) => status !== 503)) {
      expectFailure(response, 'INVALID_CREDENTIALS');
    }
  }, 120_000); // hashing a hundred passwords may take long on a slow machine
});
