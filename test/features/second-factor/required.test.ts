import type { RequestHandler } from 'express';
import { type MemoryUserStore, type SecondFactorOptions, type StoredUser } from '../../../src/index';
import { ACCESS_SECRET, PASSWORD } from '../../helpers/apps/app';
import { PATIENT, useCallTimes } from '../../helpers/call-times';
import { decodeToken, resign } from '../../helpers/tokens/tokens';
import { enrolIn, factorApp, refused, type Browser, type FactorApp } from './factor-app';
import { FaultyStores } from './faulty-stores';
import { type FeatureStores, memoryStores } from '../../helpers/apps/feature-stores';

const ENROL_FIRST = [403, refused('SECOND_FACTOR_ENROLMENT_REQUIRED')];
const DOWN = [503, refused('SERVICE_UNAVAILABLE')];

type Requires = NonNullable<SecondFactorOptions['required']>;
const isAdmin: Requires = ({ roles }) => roles.includes('admin');

let stores: FeatureStores;
let factor: FactorApp;
let ann: StoredUser;

/** Guards of every kind. */
const mount: NonNullable<Parameters<typeof factorApp>[0]>['mount'] = (app, auth) => {
  const ok: RequestHandler = (req, res) => void res.json({ user: req.user ?? null });
  const proved: RequestHandler = (req, _res, next) => {
    (req as { user?: unknown }).user = { id: ann.id };
    next();
  };
  app.get('/plain', auth.tokenVerify, ok);
  app.get('/loaded', auth.guard({ loadUser: true, checkSession: true }), ok);
  app.get('/optional', auth.guard({ optional: true }), ok);
  app.get('/renewed', auth.guard({ renew: true }), ok);
  app.get('/setup', auth.guard({ beforeEnrolment: true }), ok);
  app.get('/callback', proved, auth.completeLogin());
  app.post('/own', (req, res, next) => {
    auth.startSession(req, res, ann).then(({ enrol }) => res.json({ enrol: enrol ?? null }), next);
  });
};

const appWith = (required: (user: object) => unknown = isAdmin as () => unknown, given = stores): FactorApp =>
  factorApp({ stores: given, factor: { required: required as Requires }, mount });

const get = async (browser: Browser, path: string) => {
  const { status, body } = await browser.get(path);
  return [status, body as unknown];
};

/** A browser in which the user has logged in, and must enrol. */
async function toEnrol(app = factor): Promise<Browser> {
  const browser = app.browser();
  expect((await app.firstStep(browser, 'ann')).body).toMatchObject({ enrol: true });
  return browser;
}

beforeEach(async () => {
  stores = memoryStores();
  factor = appWith();
  ann = await stores.users.create({
    username: 'ann',
    passwordHash: (await factor.createUser('bob')).passwordHash,
    roles: ['admin'],
  });
});

afterEach(() => factor.auth.close());

test('a user who must enrol logs in, and every guard refuses all but the enrolment', async () => {
  const browser = factor.browser();
  const login = await factor.firstStep(browser, 'ann');
  expect([login.status, login.body]).toEqual([
    200,
    { message: 'Login successful', user: { id: ann.id, username: 'ann', roles: ['admin'] }, enrol: true },
  ]);
  for (const path of [
    '/plain',
    '/loaded',
    '/optional',
    '/renewed',
    '/auth/sessions',
    '/auth/trusted-devices',
  ])
    expect([path, ...(await get(browser, path))]).toEqual([path, ...ENROL_FIRST]);
  const change = { currentPassword: PASSWORD, newPassword: 'another plum cake at nine' };
  expect((await browser.post('/auth/password').send(change)).body).toEqual(ENROL_FIRST[1]);
  expect((await browser.delete('/auth/sessions')).body).toEqual(ENROL_FIRST[1]);
  const { accessToken } = await factor.auth.sessions.start(ann.id);
  await expect(factor.auth.verify(accessToken)).rejects.toMatchObject({
    code: 'SECOND_FACTOR_ENROLMENT_REQUIRED',
    status: 403,
  });
  for (const path of ['/auth/check', '/auth/info', '/auth/factors', '/setup'])
    expect((await browser.get(path)).status).toBe(200);
  for (const path of ['/auth/check', '/setup'])
    expect((await browser.get(path)).body).toMatchObject({ user: { id: ann.id, enrol: true } });
  expect((await browser.post('/auth/logout-all')).status).toBe(200);
});

test('a refresh after the enrolment lifts it, and nothing before does', async () => {
  const browser = await toEnrol();
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  expect(await get(browser, '/plain')).toEqual(ENROL_FIRST);
  await enrolIn(browser, factor.clock);
  // The access token in this browser is from before.
  expect(await get(browser, '/plain')).toEqual(ENROL_FIRST);
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  expect((await browser.get('/plain')).body).toEqual({
    user: expect.not.objectContaining({ enrol: true }) as object,
  });
  expect((await factor.firstStep(factor.browser(), 'ann')).status).toBe(401);
});

test('a user whose login is too old for the enrolment proves the password again, in the same session', async () => {
  const browser = await toEnrol();
  factor.clock.forward(6 * 60_000);
  const stale = await browser.post('/auth/factors/totp');
  expect([stale.status, stale.body]).toEqual([401, refused('REAUTHENTICATION_REQUIRED')]);
  expect((await browser.post('/auth/reauthenticate').send({ password: PASSWORD })).status).toBe(200);
  expect(await get(browser, '/plain')).toEqual(ENROL_FIRST);
  await enrolIn(browser, factor.clock);
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  expect((await browser.get('/plain')).status).toBe(200);
});

test('a guard that renews lifts it by itself', async () => {
  const browser = await toEnrol();
  expect(await get(browser, '/renewed')).toEqual(ENROL_FIRST);
  await enrolIn(browser, factor.clock);
  expect((await browser.get('/renewed')).status).toBe(200);
  expect((await browser.get('/plain')).status).toBe(200);
});

test('it holds in every process, also in one that requires nothing, or has no such feature', async () => {
  const browser = await toEnrol();
  const { accessToken } = await factor.auth.sessions.start(ann.id);
  expect(decodeToken(accessToken).payload).toMatchObject({ enrol: true });
  const others = [
    appWith(),
    factorApp({ stores, mount }),
    factorApp({ stores, mount, factor: { issuer: 'Other' } }),
  ];
  for (const other of others) {
    const answer = await other.client().get('/plain').set('Authorization', `Bearer ${accessToken}`);
    expect([answer.status, answer.body]).toEqual(ENROL_FIRST);
    await other.auth.close();
  }
  expect(await get(browser, '/plain')).toEqual(ENROL_FIRST);
});

test('a token from before the option counts as expired, and the refresh says what holds now', async () => {
  const before = factorApp({ stores, mount });
  const { accessToken, refreshToken } = await before.auth.sessions.start(ann.id);
  expect(decodeToken(accessToken).payload).not.toHaveProperty('enrol');
  await before.auth.close();
  await expect(factor.auth.verify(accessToken)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_EXPIRED' });
  const next = await factor.auth.sessions.refresh(refreshToken);
  expect(next.enrol).toBe(true);
});

test.each(['no', 0, null, []])('a token whose claim enrol is %j is no good', async (enrol) => {
  const { accessToken } = await factor.auth.sessions.start(ann.id);
  const token = resign(accessToken, ACCESS_SECRET, { payload: (before) => ({ ...before, enrol }) });
  await expect(factor.auth.verify(token)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_INVALID' });
});

test('users of whom none is required, and those who have one, notice nothing', async () => {
  const browser = factor.browser();
  const login = await factor.firstStep(browser, 'bob');
  expect(login.body).not.toHaveProperty('enrol');
  expect((await browser.get('/plain')).body).toEqual({
    user: expect.not.objectContaining({ enrol: true }) as object,
  });
  const hers = await toEnrol();
  const { authenticator } = await enrolIn(hers, factor.clock);
  const again = factor.browser();
  await factor.firstStep(again, 'ann');
  const second = await factor.secondStep(again, { code: authenticator.nextCode() });
  expect([second.status, second.body]).toEqual([200, expect.not.objectContaining({ enrol: true })]);
  // The last one goes, and the next token says that there is none.
  expect((await again.delete(`/auth/factors/${authenticator.id}`)).status).toBe(204);
  expect((await again.post('/auth/refresh')).status).toBe(200);
  expect(await get(again, '/plain')).toEqual(ENROL_FIRST);
});

test('every way to log in says it, and a user who gets the role is asked at the next refresh', async () => {
  expect((await factor.client().get('/callback')).body).toMatchObject({ enrol: true });
  expect((await factor.client().post('/own')).body).toEqual({ enrol: true });
  expect(await factor.auth.sessions.start(ann.id)).toMatchObject({ enrol: true });
  const body = { username: 'ann', password: PASSWORD, transport: 'body' };
  expect((await factor.client().post('/auth/login').send(body)).body).toMatchObject({
    enrol: true,
    tokenType: 'Bearer',
  });
  const browser = factor.browser();
  await factor.firstStep(browser, 'bob');
  const bob = await stores.users.findByUsername('bob');
  await (stores.users as MemoryUserStore).update(bob?.id ?? '', { roles: ['admin'] });
  expect((await browser.get('/plain')).status).toBe(200);
  await browser.post('/auth/refresh');
  expect(await get(browser, '/plain')).toEqual(ENROL_FIRST);
});

test('a store that fails, or an app that does not answer, lets no one through', async () => {
  const faulty = new FaultyStores(stores);
  let answer: () => unknown = () => true;
  const app = appWith(() => answer(), faulty.stores);
  for (let at = 0, calls = 1; at < calls; at += 1) {
    faulty.failAt(at, 'before');
    const browser = app.browser();
    const login = await app.firstStep(browser, 'ann');
    calls = Math.max(calls, faulty.calls.length);
    faulty.heal();
    if (login.status === 200) expect(login.body).toMatchObject({ enrol: true });
    else expect([login.status, login.body]).toEqual(DOWN);
    expect([401, 403]).toContain((await browser.get('/plain')).status);
  }
  const browser = await toEnrol(app);
  useCallTimes({ timeout: 50 });
  for (const fails of [() => Promise.reject(new Error('down')), () => new Promise(() => undefined)]) {
    answer = fails;
    const login = await app.firstStep(app.browser(), 'ann');
    expect([login.status, login.body]).toEqual(DOWN);
    const refresh = await browser.post('/auth/refresh');
    expect([refresh.status, refresh.body]).toEqual(DOWN);
  }
  useCallTimes(PATIENT);
  const before = (await app.auth.sessions.list(ann.id)).length;
  answer = () => undefined;
  expect((await app.firstStep(app.browser(), 'ann')).status).toBe(500);
  expect(await app.auth.sessions.list(ann.id)).toHaveLength(before);
  answer = () => Promise.resolve(true);
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  expect(await get(browser, '/plain')).toEqual(ENROL_FIRST);
  await app.auth.close();
});

test('the function gets the user without the password hash, and must be one', async () => {
  const asked: unknown[] = [];
  const app = appWith((user) => {
    asked.push(user);
    return false;
  });
  await app.firstStep(app.browser(), 'ann');
  expect(asked).toEqual([{ id: ann.id, username: 'ann', roles: ['admin'], disabled: false }]);
  expect(Object.isFrozen(asked[0])).toBe(true);
  await app.auth.close();
  expect(() => appWith(true as never)).toThrow('required must be a function');
});
