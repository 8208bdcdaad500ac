import express from 'express';
import type { AuditRecord, Auth } from '../../../src/index';
import {
  createRealStores,
  createTestApp,
  REFRESH_SECRET,
  setCookies,
  type RealStores,
  type TestApp,
  type TestOptions,
} from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { testClock } from '../../../src/testing/index';

// The state of a login that takes several requests, without express-session.
let stores: RealStores;
let testApp: TestApp;
const clock = testClock();
const apps: TestApp[] = [];

const startApp = (options: TestOptions = {}): TestApp => {
  const app = createTestApp({ ...stores.options, clock, ...options }, mountFlow);
  apps.push(app);
  return app;
};

function mountFlow(app: express.Express, auth: Auth): void {
  app.post('/begin', express.json(), (req, res) => {
    const { data, options } = req.body as { data: object; options?: object };
    res.json({ handle: auth.flowState.save(req, data, options) });
  });
  app.post('/finish', express.json(), async (req, res) => {
    const { handle, options } = req.body as { handle?: unknown; options?: object };
    res.json(await auth.flowState.take(req, handle, options));
  });
  // Called as passport-oauth2 calls its option `store`: with what it knows of the provider, if the store takes it.
  const store = auth.flowState.store();
  expect([store.store.length, store.verify.length]).toEqual([5, 4]);
  app.post('/oauth/:clientID/begin', (req, res) => {
    const meta = { clientID: req.params.clientID, authorizationURL: 'https://id.example/authorize' };
    store.store(req, 'verifier', { returnTo: '/' }, meta, (_error, handle) => res.json({ handle }));
  });
  app.post('/oauth/:clientID/finish', express.json(), (req, res) => {
    const meta = { clientID: req.params.clientID, authorizationURL: 'https://id.example/authorize' };
    const { handle } = req.body as { handle: string };
    store.verify(req, handle, meta, (_error, kept, appState) => res.json({ kept, appState }));
  });
  // Called as passport-openidconnect does.
  app.post('/oidc/finish', express.json(), (req, res) => {
    const { handle } = req.body as { handle: string };
    store.verify(req, handle, (_error: unknown, kept: unknown) => res.json({ kept }));
  });
  app.use(auth.errorHandler);
}

beforeAll(async () => {
  stores = await createRealStores();
  testApp = startApp();
});
afterAll(async () => {
  for (const { auth } of apps) await auth.close();
  await stores.close();
});

type Browser = ReturnType<TestApp['browser']>;
const begin = async (
  browser: Browser,
  data: object = { nonce: 'a nonce to look for' },
  options: object = {},
) => {
  const response = await browser.post('/begin').send({ data, options });
  expect(response.status).toBe(200);
  return { handle: response.body.handle as string, response };
};
const finish = (browser: Browser, handle: unknown, options?: object) =>
  browser.post('/finish').send({ handle, options });

test('a saved state is returned once', async () => {
  const browser = testApp.browser();
  const { handle, response } = await begin(browser, { nonce: 'a nonce to look for', returnTo: '/caf\u00e9' });
  const [cookie] = Object.values(setCookies(response));
  expect(cookie?.attributes).toEqual(['HttpOnly', 'Max-Age=600', 'Path=/', 'SameSite=Lax']);
  expect(cookie?.value).not.toContain('a nonce to look for');
  expect(Buffer.from(cookie?.value ?? '', 'base64url').toString('latin1')).not.toContain(
    'a nonce to look for',
  );

  const taken = await finish(browser, handle);
  expect(taken.body).toEqual({ nonce: 'a nonce to look for', returnTo: '/caf\u00e9' });
  expect(Object.values(setCookies(taken)).map(({ value }) => value)).toEqual(['']);
  expectFailure(await finish(browser, handle), 'FLOW_STATE_INVALID');
});

test('copies of the cookie work only once, across all processes', async () => {
  const other = startApp();
  const browser = testApp.browser();
  const { handle, response } = await begin(browser);
  const cookie = (response.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0] ?? '';
  const tries = Array.from({ length: 20 }, (_, index) =>
    (index % 2 ? other : testApp).client().post('/finish').set('Cookie', cookie).send({ handle }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([200, ...Array<number>(19).fill(400)]);
});

test("another browser can't take the state", async () => {
  const { handle } = await begin(testApp.browser());
  const { body } = await finish(testApp.browser(), handle);
  expect(body).toEqual({ code: 'FLOW_STATE_INVALID', message: expect.stringContaining('begin again') });
});

test("flows in one browser can't be mixed up, and several work side by side", async () => {
  const browser = testApp.browser();
  const one = await begin(browser, { flow: 1 });
  const two = await begin(browser, { flow: 2 });
  const swapped = one.handle.slice(0, 8) + two.handle.slice(8);
  expectFailure(await finish(browser, swapped), 'FLOW_STATE_INVALID');
  expect((await finish(browser, two.handle)).body).toEqual({ flow: 2 });
  expect((await finish(browser, one.handle)).body).toEqual({ flow: 1 });
});

test('the fifth flow in a browser replaces the first', async () => {
  const browser = testApp.browser();
  const handles: string[] = [];
  for (let flow = 1; flow <= 5; flow += 1) handles.push((await begin(browser, { flow })).handle);
  expectFailure(await finish(browser, handles[0]), 'FLOW_STATE_INVALID');
  for (const [index, handle] of handles.slice(1).entries())
    expect((await finish(browser, handle)).body).toEqual({ flow: index + 2 });
});

test("a state saved for one purpose can't be taken for another, and stays until it is taken for its own", async () => {
  const browser = testApp.browser();
  const signUp = { purpose: 'sign-up' };
  const { handle } = await begin(browser, { step: 1 }, signUp);
  for (const options of [undefined, { purpose: 'log-in' }, { purpose: 'sign-u' }])
    expectFailure(await finish(browser, handle, options), 'FLOW_STATE_INVALID');
  expect((await finish(browser, handle, signUp)).body).toEqual({ step: 1 });
  const { handle: plain } = await begin(browser);
  expectFailure(await finish(browser, plain, signUp), 'FLOW_STATE_INVALID');
});

test('a state expires', async () => {
  const browser = testApp.browser();
  const { handle: late } = await begin(browser);
  const { handle: inTime } = await begin(browser, {}, { expiresIn: '11m' });
  clock.advance(600);
  expectFailure(await finish(browser, late), 'FLOW_STATE_INVALID');
  expect((await finish(browser, inTime)).status).toBe(200);
});

test.each([
  undefined,
  null,
  5,
  '',
  'x',
  {},
  ['a'],
  '\u0000'.repeat(32),
  '../'.repeat(20),
  'a'.repeat(10_000),
])('the handle %j is refused', async (handle) => {
  expectFailure(await finish(testApp.browser(), handle), 'FLOW_STATE_INVALID');
});

test.each(['', 'x', 'j:{}', '%ff', 'A'.repeat(37), 'A'.repeat(3000)])(
  'the cookie %.10j is refused',
  async (value) => {
    const { handle } = await begin(testApp.browser());
    const cookie = `flowState.${handle.slice(0, 8)}=${value}`;
    expectFailure(
      await testApp.client().post('/finish').set('Cookie', cookie).send({ handle }),
      'FLOW_STATE_INVALID',
    );
  },
);

test('a cookie with one changed letter is refused', async () => {
  const { handle, response } = await begin(testApp.browser());
  const [name = '', value = ''] = (
    (response.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0] ?? ''
  ).split('=');
  for (const at of [0, 20, 50, value.length - 2]) {
    const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1);
    const answer = await testApp
      .client()
      .post('/finish')
      .set('Cookie', `${name}=${changed}`)
      .send({ handle });
    expectFailure(answer, 'FLOW_STATE_INVALID');
  }
});

test('a state survives a change of the secret, and no other secret opens it', async () => {
  const next = 'the next refresh secret, 0123456789abcdef';
  const { handle, response } = await begin(testApp.browser());
  const cookie = (response.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0] ?? '';
  const taken = (secret: string | string[]) =>
    startApp({ refreshToken: { secret } }).client().post('/finish').set('Cookie', cookie).send({ handle });
  expectFailure(await taken(next), 'FLOW_STATE_INVALID');
  expect((await taken([next, REFRESH_SECRET])).status).toBe(200);
});

test.each([
  ['expiresIn', { expiresIn: '2h' }, /at most an hour/],
  ['expiresIn', { expiresIn: 0 }, /at most an hour/],
  ['sameSite', { sameSite: 'none' }, /needs cookies\.secure/],
  ['sameSite', { sameSite: 'loose' }, /sameSite/],
  ['purpose', { purpose: '' }, /purpose/],
  ['a misspelt option', { expiryIn: '1m' }, /expiryIn/],
])('the option %s is checked', (_option, options, message) => {
  expect(() => testApp.auth.flowState.store(options as object)).toThrow(message);
});

test('a state too large for a cookie fails with an error that says so', async () => {
  const response = await testApp
    .browser()
    .post('/begin')
    .send({ data: { text: 'x'.repeat(3000) } });
  expect(response.status).toBe(500);
  expect(String(testApp.unforeseen.pop())).toContain('too large for a cookie');
});

describe('the state of a strategy', () => {
  const start = async (browser: Browser) =>
    (await browser.post('/oauth/github/begin').send({})).body.handle as string;

  test('is returned once, for the provider that it was made for', async () => {
    const browser = testApp.browser();
    const handle = await start(browser);
    const back = { kept: 'verifier', appState: { returnTo: '/' } };
    expect((await browser.post('/oauth/github/finish').send({ handle })).body).toEqual(back);
    expect((await browser.post('/oauth/github/finish').send({ handle })).body.kept).toBe(false);
  });

  test('is returned to passport-openidconnect, which passes no metadata', async () => {
    const browser = testApp.browser();
    const handle = await start(browser);
    expect((await browser.post('/oidc/finish').send({ handle })).body).toEqual({ kept: 'verifier' });
  });

  test('is refused for another provider', async () => {
    const browser = testApp.browser();
    const handle = await start(browser);
    expect((await browser.post('/oauth/evil/finish').send({ handle })).body.kept).toBe(false);
  });

  test.each(['/oauth/github/finish', '/oidc/finish'])(
    'is separate from states that the app itself has saved: %s',
    async (path) => {
      const browser = testApp.browser();
      const { handle } = await begin(browser, { email: 'ann@example.com' });
      expect((await browser.post(path).send({ handle })).body.kept).toBe(false);
    },
  );
});

test("cookies that only look like flow states don't stop a login", async () => {
  const strange = ['flowState.(=1', 'flowState.a b=1', 'flowState.=1', 'flowState.long-enough=1'];
  const ours = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd'].map((name) => `flowState.${name}=1`);
  const response = await testApp
    .client()
    .post('/begin')
    .set('Cookie', [...strange, ...ours].join('; '))
    .send({ data: {} });
  expect(response.status).toBe(200);
  const cleared = Object.entries(setCookies(response)).filter(([, { value }]) => value === '');
  expect(cleared.map(([name]) => name)).toEqual(['flowState.aaaaaaaa']);
});

test('planted cookies make a response clear only a few of them, and hide no flow', async () => {
  const planted = Array.from({ length: 150 }, (_, index) => `flowState.${String(index).padStart(8, '0')}=1`);
  const request = testApp.client().post('/begin').set('Cookie', planted.join('; '));
  const response = await request.send({ data: { flow: 1 } });
  const cleared = Object.entries(setCookies(response)).filter(([, { value }]) => value === '');
  expect([response.status, cleared.length]).toEqual([200, 4]);
  const [name = '', own] = Object.entries(setCookies(response)).find(([, { value }]) => value !== '') ?? [];
  const finished = await testApp
    .client()
    .post('/finish')
    .set('Cookie', `${name}=; ${name}=x; ${name}=${own?.value}`)
    .send({ handle: (response.body as { handle: string }).handle });
  expect(finished.body).toEqual({ flow: 1 });
});

describe('ids of SAML requests', () => {
  const ids = () => testApp.auth.flowState.requestIds();

  test('the id of a SAML request is recognised in other processes too, and works once', async () => {
    const id = ids().generateUniqueId();
    expect(id).toMatch(/^_[\w.-]{40,80}$/);
    const other = startApp().auth.flowState.requestIds();
    expect(await other.cacheProvider.getAsync(id)).toBe(new Date(clock()).toISOString());
    expect(await ids().cacheProvider.removeAsync(id)).toBe(id);
    await expect(other.cacheProvider.removeAsync(id)).rejects.toMatchObject({ code: 'FLOW_STATE_INVALID' });
  });

  test('an id has only one spelling: another encoding of the same bytes is refused', async () => {
    const id = ids().generateUniqueId();
    const bytes = Buffer.from(id.slice(-22), 'base64url');
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    const spellings = letters
      .map((letter) => id.slice(0, -1) + letter)
      .filter((other) => other !== id && Buffer.from(other.slice(-22), 'base64url').equals(bytes));
    expect(spellings).toHaveLength(15);
    for (const other of spellings) expect(await ids().cacheProvider.getAsync(other)).toBeNull();
  });

  test("ids expire, and can't be forged", async () => {
    const { cacheProvider, generateUniqueId } = ids();
    const id = generateUniqueId();
    for (const forged of ['_1', id.slice(0, -1), `${id}A`, id.replace('_', '_A'), '', '_a.b.c'])
      expect(await cacheProvider.getAsync(forged)).toBeNull();
    expect(await cacheProvider.removeAsync('_1')).toBeNull();
    expect(await cacheProvider.removeAsync(null)).toBeNull();
    clock.advance(600);
    expect(await cacheProvider.getAsync(id)).toBeNull();
  });
});

test('every refusal is announced once, with its reason and without the handle', async () => {
  const records: AuditRecord[] = [];
  const app = startApp({ audit: (record) => records.push(record) });
  const browser = app.browser();
  const handles: string[] = [];
  const expectRefused = async (reason: string, path: string, handle: string) => {
    handles.push(handle);
    await browser.post(path).set('User-Agent', 'Phone/1.0').send({ handle });
    const where = { ip: expect.stringContaining('127.0.0.1') as string, userAgent: 'Phone/1.0' };
    const noUser = { userId: null, session: null };
    const what = { time: new Date(clock()).toISOString(), event: 'flowStateFailed', outcome: 'failure' };
    expect(records).toEqual([{ ...what, reason, ...noUser, ...where }]);
    expect(JSON.stringify(records)).not.toContain(handle);
    records.length = 0;
  };
  const { handle } = await begin(browser);
  await finish(browser, handle);
  await expectRefused('unknown', '/finish', handle); // the cookie was cleared
  const { handle: late, response } = await begin(browser);
  const cookie = (response.headers['set-cookie'] as unknown as string[])[0]?.split(';')[0] ?? '';
  const [first, second] = await Promise.all([
    app.client().post('/finish').set('Cookie', cookie).send({ handle: late }),
    app.client().post('/finish').set('Cookie', cookie).send({ handle: late }),
  ]);
  expect([first.status, second.status].sort()).toEqual([200, 400]);
  expect(records.map(({ reason }) => reason)).toEqual(['taken']);
  records.length = 0;
  clock.advance(600);
  await expectRefused('expired', '/finish', late);
  const begun = await browser.post('/oauth/github/begin').send({});
  await expectRefused('other-provider', '/oauth/evil/finish', begun.body.handle as string);

  const { cacheProvider, generateUniqueId } = app.auth.flowState.requestIds();
  const id = generateUniqueId();
  await cacheProvider.getAsync('_forged');
  await cacheProvider.removeAsync('_forged');
  await cacheProvider.removeAsync(id);
  await cacheProvider.removeAsync(id).catch(() => undefined);
  expect(records.map(({ reason, ip }) => [reason, ip])).toEqual([
    ['unknown', null],
    ['taken', null],
  ]);
});
