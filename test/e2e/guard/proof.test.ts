import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type GuardOptions } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { createTestApp } from '../../helpers/apps/app';

const NEEDED =
  'Bearer error="insufficient_user_authentication", error_description="Reauthentication required"';
const clock = testClock();
const users = new MemoryUserStore();
const GUARDS = {
  second: { secondFactor: true },
  'second-fresh': { secondFactor: true, freshWithin: '5m' },
  'second-loaded': { secondFactor: true, loadUser: true },
  'second-optional': { secondFactor: true, optional: true },
  otp: { amr: ['otp'] },
  'fresh-key': { amr: ['hwk', 'swk'], freshWithin: '1m' },
  both: { secondFactor: true, amr: ['hwk'] },
} satisfies Record<string, GuardOptions>;

const testApp = createTestApp({ users, refreshTokens: new MemoryRefreshTokenStore(), clock }, (app, auth) => {
  for (const [name, options] of Object.entries(GUARDS))
    app.get(`/${name}`, auth.guard(options), (req, res) => res.json(req.user?.amr ?? []));
  app.get('/own', () => {
    throw new AuthError('REAUTHENTICATION_REQUIRED', { maxAgeSeconds: 60, acrValues: ['hwk'] });
  });
  app.use(auth.errorHandler);
});
let count = 0;

afterAll(() => testApp.auth.close());

/** The status of each guard for a login by these methods, and the challenge of a refusal. */
async function loggedIn(amr?: readonly string[]) {
  count += 1;
  const { id } = await users.create({ username: `user ${count}`, passwordHash: null });
  const { accessToken } = await testApp.auth.sessions.start(id, amr && { amr });
  const get = (name: keyof typeof GUARDS) =>
    testApp.client().get(`/${name}`).set('Authorization', `Bearer ${accessToken}`);
  const challenge = async (name: keyof typeof GUARDS) => {
    const { status, body, headers } = await get(name);
    expect([status, body]).toEqual([
      401,
      { code: 'REAUTHENTICATION_REQUIRED', message: 'Reauthentication required' },
    ]);
    return headers['www-authenticate'];
  };
  return { accessToken, get, challenge };
}

test('a guard with secondFactor lets only a login by a second factor pass', async () => {
  const withFactor = await loggedIn(['pwd', 'otp', 'mfa']);
  for (const name of ['second', 'second-fresh', 'second-loaded', 'second-optional'] as const)
    expect((await withFactor.get(name)).body).toEqual(['pwd', 'otp', 'mfa']);
  for (const amr of [undefined, ['pwd'], ['pwd', 'otp'], ['MFA'], ['mfa2']]) {
    const without = await loggedIn(amr);
    for (const name of ['second', 'second-loaded', 'second-optional'] as const)
      expect(await without.challenge(name)).toBe(`${NEEDED}, acr_values="mfa"`);
    expect(await without.challenge('second-fresh')).toBe(`${NEEDED}, acr_values="mfa", max_age="300"`);
  }
});

test('a guard with amr lets only a proof by one of these methods pass', async () => {
  const otp = await loggedIn(['pwd', 'otp']);
  expect((await otp.get('otp')).status).toBe(200);
  expect(await otp.challenge('fresh-key')).toBe(`${NEEDED}, acr_values="hwk swk", max_age="60"`);
  const key = await loggedIn(['swk']);
  expect((await key.get('fresh-key')).status).toBe(200);
  expect(await key.challenge('otp')).toBe(`${NEEDED}, acr_values="otp"`);
  expect(await (await loggedIn()).challenge('otp')).toBe(`${NEEDED}, acr_values="otp"`);
});

test('a proof by the right method that is too old is refused, and the challenge says the method too', async () => {
  const key = await loggedIn(['hwk', 'mfa']);
  clock.advance('60s');
  expect(await key.challenge('fresh-key')).toBe(`${NEEDED}, acr_values="hwk swk", max_age="60"`);
  expect((await key.get('both')).status).toBe(200);
  clock.advance('240s');
  expect(await key.challenge('second-fresh')).toBe(`${NEEDED}, acr_values="mfa", max_age="300"`);
});

test('secondFactor and amr together need both', async () => {
  expect(await (await loggedIn(['hwk'])).challenge('both')).toBe(`${NEEDED}, acr_values="mfa hwk"`);
  expect(await (await loggedIn(['pwd', 'otp', 'mfa'])).challenge('both')).toBe(
    `${NEEDED}, acr_values="mfa hwk"`,
  );
});

test('verify() takes both options, and its error says what is needed', async () => {
  const { accessToken } = await loggedIn(['pwd']);
  const { verify } = testApp.auth;
  await expect(verify(accessToken, { amr: ['pwd', 'otp'] })).resolves.toMatchObject({ amr: ['pwd'] });
  await expect(verify(accessToken, { secondFactor: true })).rejects.toMatchObject({
    code: 'REAUTHENTICATION_REQUIRED',
    acrValues: ['mfa'],
    maxAgeSeconds: undefined,
  });
  await expect(verify(accessToken, { amr: ['otp'], freshWithin: 60 })).rejects.toMatchObject({
    acrValues: ['otp'],
    maxAgeSeconds: 60,
  });
});

test('the handler of errors writes the same challenge for an error that the app throws', async () => {
  const { headers } = await testApp.client().get('/own');
  expect(headers['www-authenticate']).toBe(`${NEEDED}, acr_values="hwk", max_age="60"`);
});

test.each<[string, RegExp, object]>([
  ['amr as text', /guard\(\): amr/, { amr: 'otp' }],
  ['no methods at all', /guard\(\): amr/, { amr: [] }],
  ['a method with a space', /guard\(\): amr.*without spaces, quotes/, { amr: ['one time'] }],
  ['a method with a quote', /guard\(\): amr.*without spaces, quotes/, { amr: ['otp"'] }],
  ['secondFactor as text', /guard\(\): secondFactor/, { secondFactor: 'yes' }],
])('a guard with %s is a TypeError that names the option', (_what, message, options) => {
  const make = () => testApp.auth.guard(options);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});
