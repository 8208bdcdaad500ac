import { AuthError, MemoryRefreshTokenStore, type AuthEvent } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { ACCESS_SECRET, createTestApp, REFRESH_SECRET, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

/**
 * A browser keeps a cookie twice after the app has changed `cookies.domain` or `cookies.path`, and beside a neighbour who uses the
 * same name. It sends the older one, or the one with the longer path, first.
 */
const clock = testClock();
const refreshTokens = new MemoryRefreshTokenStore({ clock });
const testApp = createTestApp({ clock, refreshTokens }, (app, auth) => {
  app.get(
    '/stored',
    auth.guard({ loadUser: true, checkSession: true }),
    (req, res) => void res.json(req.user),
  );
  app.get('/app/page', auth.guard({ renew: true }), (req, res) => void res.json(req.user));
  app.get(
    '/jwt',
    auth.passport.authenticate('jwt', { session: false }),
    (req, res) => void res.json(req.user),
  );
});
const sibling = createTestApp({
  clock,
  accessToken: { secret: `${ACCESS_SECRET}-of-another-app` },
  refreshToken: { secret: `${REFRESH_SECRET}-of-another-app` },
});
type Tokens = Awaited<ReturnType<typeof testApp.tokensOf>>;
const announced: AuthEvent[] = [];
let annId: string;

beforeAll(async () => {
  annId = (await testApp.register('ann')).id;
  await sibling.register('ann');
  testApp.auth.events.onAny((event) => announced.push(event));
});
beforeEach(async () => {
  await testApp.auth.sessions.revokeAll(annId);
  announced.length = 0;
});
afterAll(() => Promise.all([testApp.auth.close(), sibling.auth.close()]));

const EMPTY: Tokens = { accessToken: '', refreshToken: '' };
const NONSENSE: Tokens = { accessToken: 'a.b.c', refreshToken: 'nonsense' };
const login = () => testApp.tokensOf('ann');
/** The cookies as a browser sends them: those of one name in this order. */
const both = (...all: Tokens[]) =>
  (['accessToken', 'refreshToken'] as const)
    .flatMap((name) => all.map((tokens) => `${name}=${tokens[name]}`))
    .join('; ');
const get = (path: string, cookie: string) => testApp.client().get(path).set('Cookie', cookie);
const post = (path: string, cookie: string) => testApp.client().post(path).set('Cookie', cookie);
const sidOf = ({ accessToken }: Tokens) => decodeToken(accessToken).payload['sid'] as string;
const sessions = async () => (await testApp.auth.sessions.list(annId)).map(({ sessionId }) => sessionId);
const exchange = async ({ refreshToken }: Tokens): Promise<Tokens> =>
  (await testApp.client().post('/auth/refresh').send({ refreshToken })).body as Tokens;
const eventsNamed = (name: string) => announced.filter(({ type }) => type === name);

/** Makes the tokens that come before the good ones. */
const STALE: [string, () => Promise<Tokens>][] = [
  ['empty ones', () => Promise.resolve(EMPTY)],
  ['nonsense', () => Promise.resolve(NONSENSE)],
  ["a sibling app's", () => sibling.tokensOf('ann')],
  ['expired ones', () => login().then((tokens) => (clock.advance(4 * 60 * 60), tokens))],
  [
    'those of a session that has ended',
    () => login().then((t) => (testApp.auth.sessions.revoke(annId, sidOf(t)), t)),
  ],
];

describe.each(STALE)('a request whose good cookies come after %s', (_what, make) => {
  test.each(['/profile', '/stored', '/app/page', '/jwt', '/auth/check', '/auth/info'])(
    'passes at GET %s',
    async (path) => {
      const stale = await make();
      const good = await login();
      const response = await get(path, both(stale, good));
      expect(response.status).toBe(200);
    },
  );

  test('refreshes, renews and logs out by the good ones', async () => {
    const stale = await make();
    const good = await login();
    const refreshed = await post('/auth/refresh', both(stale, good));
    expect(refreshed.status).toBe(200);
    const next = setCookies(refreshed)['refreshToken']?.value ?? '';
    expect(decodeToken(next).payload['sid']).toBe(sidOf(good));
    clock.advance(31 * 60);
    const renewed = await get('/app/page', both(stale, { ...good, refreshToken: next }));
    expect([renewed.status, (renewed.body as { sessionId: string }).sessionId]).toEqual([200, sidOf(good)]);
    expect((await post('/auth/logout', both(stale, good))).status).toBe(200);
    expect(await sessions()).not.toContain(sidOf(good));
    expect([eventsNamed('reuse'), eventsNamed('refreshFailed')]).toEqual([[], []]);
  });
});

describe('a spent token beside a good one', () => {
  test('is no reuse when both are of the same session', async () => {
    const first = await login();
    const second = await exchange(first);
    const third = await exchange(second);
    clock.advance(60);
    expect((await post('/auth/refresh', both(first, third))).status).toBe(200);
    expect([eventsNamed('reuse'), await sessions()]).toEqual([[], [sidOf(first)]]);
  });

  test.each(['/auth/refresh', '/app/page'])(
    'ends its session as reused when that is another one, and the good one goes on (%s)',
    async (path) => {
      const [old, current] = [await login(), await login()];
      await exchange(await exchange(old));
      clock.advance(31 * 60);
      const cookies = both(old, current);
      const response = await (path === '/app/page' ? get(path, cookies) : post(path, cookies));
      expect(response.status).toBe(200);
      expect(decodeToken(setCookies(response)['refreshToken']?.value ?? '').payload['sid']).toBe(
        sidOf(current),
      );
      expect(eventsNamed('reuse')).toMatchObject([{ sessionId: sidOf(old), generation: 1 }]);
      expect(await sessions()).toEqual([sidOf(current)]);
    },
  );

  test('exchanges nothing while the store can not judge the spent one', async () => {
    const [old, current] = [await login(), await login()];
    await exchange(await exchange(old));
    clock.advance(60);
    jest.spyOn(refreshTokens, 'rotate').mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
    expectFailure(await post('/auth/refresh', both(old, current)), 'SERVICE_UNAVAILABLE');
    expect((await post('/auth/refresh', both(old, current))).status).toBe(200);
    expect(eventsNamed('reuse')).toHaveLength(1);
  });

  test('is a reuse of its own session when there are two spent ones and no good one', async () => {
    const [one, other] = [await login(), await login()];
    for (const tokens of [one, other]) await exchange(await exchange(tokens));
    clock.advance(60);
    expectFailure(await post('/auth/refresh', both(one, other)), 'REFRESH_TOKEN_REUSED');
    expect(eventsNamed('reuse')).toHaveLength(2);
    expect(await sessions()).toEqual([]);
  });

  test('is a reuse when what stands beside it is nonsense', async () => {
    const first = await login();
    await exchange(await exchange(first));
    clock.advance(60);
    expectFailure(await post('/auth/refresh', both(NONSENSE, first)), 'REFRESH_TOKEN_REUSED');
    expect(await sessions()).toEqual([]);
  });
});

test('a guard that asks the store passes over a session that only the store knows to have ended', async () => {
  const [ended, good] = [await login(), await login()];
  jest.spyOn(refreshTokens, 'find').mockImplementationOnce(() => Promise.resolve(undefined));
  const response = await get('/stored', both(ended, good));
  expect([response.status, (response.body as { sessionId: string }).sessionId]).toEqual([200, sidOf(good)]);
});

test('the first eight cookies of one name are read, because each may cost a signature', async () => {
  const good = await login();
  const forged = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...good, accessToken: `${good.accessToken}${index}` }));
  expect((await get('/profile', both(...forged(7), good))).status).toBe(200);
  expectFailure(await get('/profile', both(...forged(8), good)), 'ACCESS_TOKEN_INVALID');
});

test('with two bad tokens the answer is about the one that a refresh may help', async () => {
  const expired = await login();
  clock.advance(31 * 60);
  expectFailure(await get('/profile', both(NONSENSE, expired)), 'ACCESS_TOKEN_EXPIRED');
  expectFailure(await get('/profile', both(NONSENSE, NONSENSE)), 'ACCESS_TOKEN_INVALID');
  clock.advance(4 * 60 * 60);
  expectFailure(await post('/auth/refresh', both(NONSENSE, expired)), 'REFRESH_TOKEN_EXPIRED');
});

describe('cookies that name several sessions', () => {
  test('a logout ends every session that the cookies name', async () => {
    const [one, other, elsewhere] = [await login(), await login(), await login()];
    expect((await post('/auth/logout', both(one, other))).status).toBe(200);
    expect(await sessions()).toEqual([sidOf(elsewhere)]);
    expectFailure(await get('/profile', both(one, other)), 'SESSION_REVOKED');
  });

  test('a logout ends both where one comes as a refresh token and one as an access token', async () => {
    const [one, other] = [await login(), await login()];
    await post('/auth/logout', both({ ...one, refreshToken: 'x' }, other));
    expect(await sessions()).toEqual([]);
  });

  test('a login ends every one of them', async () => {
    const [one, other] = [await login(), await login()];
    const response = await post('/quick-login', both(one, other)).send({ username: 'ann' });
    expect(response.status).toBe(200);
    expect(await sessions()).toHaveLength(1);
    expect(await sessions()).not.toContain(sidOf(one));
  });

  test('a logout with dozens of them ends the first eight', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, login));
    const cookie = many.map(({ refreshToken }) => `refreshToken=${refreshToken}`).join('; ');
    expect((await post('/auth/logout', cookie)).status).toBe(200);
    expect(await sessions()).toHaveLength(4);
  });
});

describe('a cookie of ours that came twice', () => {
  const expired = (response: { headers: object }) =>
    ((response.headers as { 'set-cookie'?: string[] })['set-cookie'] ?? []).filter((line) =>
      line.includes('=; Max-Age=0'),
    );
  const from = (path: string, cookie: string) => post(path, cookie).set('Host', 'app.example.com');

  test('is expired wherever the app may have set it before, except where it sets it now', async () => {
    const [old, good] = [await login(), await login()];
    const refreshed = await from('/auth/refresh', both(old, good));
    const places = ['Path=/auth', 'Path=/; Domain=app.example.com', 'Path=/; Domain=example.com'];
    for (const name of ['accessToken', 'refreshToken']) {
      for (const place of places) expect(expired(refreshed)).toContain(`${name}=; Max-Age=0; ${place}`);
      expect(expired(refreshed)).not.toContain(`${name}=; Max-Age=0; Path=/`);
    }
    // The cookies themselves come last, so no browser takes one of these for their end.
    const lines = refreshed.headers['set-cookie'] as unknown as string[];
    expect(lines.slice(-2).join()).toMatch(/^accessToken=ey.*refreshToken=ey/);
    expect(lines.join('\r\n').length).toBeLessThan(4000);
  });

  test.each(['/auth/logout', '/quick-login'])('is expired at %s too', async (path) => {
    const [old, good] = [await login(), await login()];
    const response = await from(path, both(old, good)).send(
      path === '/auth/logout' ? {} : { username: 'ann' },
    );
    expect(expired(response)).toContain('refreshToken=; Max-Age=0; Path=/; Domain=example.com');
  });

  test("stays when it is a neighbour's, and when it came once", async () => {
    for (const cookie of [both(await sibling.tokensOf('ann'), await login()), both(await login())])
      expect(expired(await from('/auth/refresh', cookie))).toEqual([]);
  });

  test('has only one place with the prefix __Host-, and no domain at an address', async () => {
    const [old, good] = [await login(), await login()];
    const response = await from('/auth/refresh', both(old, good)).set('Host', '192.0.2.1:3000');
    expect(expired(response).join()).not.toContain('Domain=');
  });
});
