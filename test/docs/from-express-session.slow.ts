import express, { type Express, type RequestHandler } from 'express';
import request from 'supertest';
import * as source from '../../src';
import type { Auth, MemoryUserStore } from '../../src';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET, setCookies } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

Object.assign(process.env, {
  ACCESS_TOKEN_SECRET: ACCESS_SECRET,
  REFRESH_TOKEN_SECRET: REFRESH_SECRET,
  SESSION_SECRET: 'the secret of the old sessions',
});

let isDown = false;
class Sessions extends source.MemoryRefreshTokenStore {
  override create(...session: Parameters<source.MemoryRefreshTokenStore['create']>) {
    if (isDown) throw new source.AuthError('SERVICE_UNAVAILABLE');
    return super.create(...session);
  }
}

const page = useDocPage('docs/from-express-session.md');
const old = page.evaluate('old-session') as { oldSession: RequestHandler; oldLogin: RequestHandler };
const bridge = page.evaluate('bridge', {
  './old-session.js': old,
  'passport-visa': { ...source, MemoryRefreshTokenStore: Sessions },
});
const { app, auth, users } = bridge as { app: Express; auth: Auth; users: MemoryUserStore };
const bob = { username: 'bob', password: PASSWORD };
let annId: string;

/** The app as it was before the switch. */
const oldApp = express().use(old.oldSession, old.oldLogin);
oldApp.post('/login/:id', (req, res, next) =>
  req.logIn({ id: req.params.id } as never, (error) => (error ? next(error) : res.json({}))),
);

interface Form {
  _csrf: string;
  errors: string[];
  messages: string[];
}

/** A browser that keeps cookies. */
function open(browser = request.agent(app)) {
  return {
    get: (path: string) => browser.get(path),
    form: async (path: string) => (await browser.get(path)).body as Form,
    post: (path: string, fields: object) => browser.post(path).type('form').send(fields),
    take: (headers: { 'set-cookie'?: string }) => browser.jar.setCookies(headers['set-cookie'] as never),
  };
}

/** A browser with a login from before the switch. */
async function openWithOldLogin(id = annId) {
  const browser = open();
  const login = await request(oldApp).post(`/login/${id}`);
  browser.take(login.headers);
  return Object.assign(browser, { sid: sidOf(login) });
}

/** The session id of express-session that a response sets. */
const sidOf = (response: request.Response) => String(setCookies(response)['connect.sid']?.value);

function expectNewSid(now: string, before: string): void {
  expect([now, before]).toEqual([expect.stringMatching(SID), expect.stringMatching(SID)]);
  expect(now).not.toBe(before);
}
const SID = /^s(:|%3A)/;

beforeAll(async () => {
  annId = (await users.create({ username: 'ann', passwordHash: null, roles: ['editor'] })).id;
  await request(app).post('/auth/register').send(bob).expect(201);
});
afterAll(() => auth.close());

describe('an old login', () => {
  test('is exchanged for a new one on the next page, once, with a new session id and what the session held', async () => {
    const browser = await openWithOldLogin();
    const script = await browser.get('/login').set('Sec-Fetch-Dest', 'empty');
    const { _csrf } = script.body as Form;
    await browser.post('/orders', { item: 'plums', _csrf }).expect(303);
    const taken = await browser.get('/?tab=2');
    expect([taken.status, taken.headers['location']]).toEqual([303, '/?tab=2']);
    expect(setCookies(taken)['refreshToken']?.attributes).toContain('Max-Age=10800');
    expectNewSid(sidOf(taken), browser.sid);
    expect((await browser.get('/')).body).toEqual({ user: annId, cart: 'plums' });
    expect(await browser.form('/orders')).toMatchObject({ messages: ['Thank you'], _csrf });
    const [session, ...others] = await auth.sessions.list(annId);
    expect(others).toEqual([]);
    expect(session?.authTime.getTime()).toBeLessThan(Date.now() - 60 * 60 * 1000);

    await auth.sessions.revokeAll(annId);
    expect((await browser.get('/')).body.user).toBeNull();
  });

  test('goes on working for a request that is not for a page, and is over after a logout', async () => {
    const browser = await openWithOldLogin();
    const script = () => browser.get('/').set('Sec-Fetch-Dest', 'empty');
    expect((await script()).body.user).toBe(annId);
    const { _csrf } = (await browser.get('/login').set('Sec-Fetch-Dest', 'empty')).body as Form;
    expect((await browser.post('/logout', { _csrf })).headers['location']).toBe('/login');
    expect((await script()).body.user).toBeNull();
  });

  test('of an unknown or a disabled user ends on the next page', async () => {
    const { id } = await users.create({ username: 'cid', passwordHash: null, roles: [] });
    await users.update(id, { disabled: true });
    for (const ended of ['gone', id]) {
      const browser = await openWithOldLogin(ended);
      expect((await browser.get('/')).body.user).toBeNull();
      expect((await browser.get('/').set('Sec-Fetch-Dest', 'empty')).body.user).toBeNull();
    }
  });

  test('outlives an outage', async () => {
    const browser = await openWithOldLogin();
    isDown = true;
    expect((await browser.get('/')).status).toBe(503);
    isDown = false;
    expect((await browser.get('/')).status).toBe(303);
    expect((await browser.get('/')).body.user).toBe(annId);
  });
});

describe('a user with a new login', () => {
  test('has flash messages, CSRF tokens, returnTo and a cart, and a new session id after login and logout', async () => {
    const browser = open();
    const stranger = await browser.get('/orders');
    expect(stranger.headers['location']).toBe('/login');
    const { _csrf } = await browser.form('/login');
    const login = await browser.post('/login', { ...bob, _csrf });
    expect([login.status, login.headers['location']]).toEqual([303, '/orders']);
    expectNewSid(sidOf(login), sidOf(stranger));

    const orders = await browser.form('/orders');
    expect(orders._csrf).not.toBe(_csrf);
    expect((await browser.post('/orders', { item: 'plums', _csrf })).status).toBe(403);
    await browser.post('/orders', { item: 'plums', _csrf: orders._csrf }).expect(303);
    expect((await browser.form('/orders')).messages).toEqual(['Thank you']);
    expect((await browser.get('/')).body.cart).toBe('plums');

    const logout = await browser.post('/logout', { _csrf: orders._csrf });
    expect([logout.status, logout.headers['location']]).toEqual([303, '/login']);
    expectNewSid(sidOf(logout), sidOf(login));
    expect((await browser.get('/')).body).toEqual({ user: null, cart: null });
  });

  test('who failed to log in sees why once, and gets to returnTo in the end', async () => {
    const browser = open();
    await browser.get('/orders?page=2');
    const { _csrf } = await browser.form('/login');
    const failed = await browser.post('/login', { ...bob, password: 'wrong', _csrf });
    expect([failed.status, failed.headers['location']]).toEqual([303, '/login']);
    expect((await browser.form('/login')).errors).toEqual(['Invalid username or password']);
    expect((await browser.form('/login')).errors).toEqual([]);
    expect((await browser.post('/login', { ...bob, _csrf })).headers['location']).toBe('/orders?page=2');
  });

  test('stays that user when the browser has an old login of another', async () => {
    const browser = await openWithOldLogin();
    const { _csrf } = (await browser.get('/login').set('Sec-Fetch-Dest', 'empty')).body as Form;
    await browser.post('/login', { ...bob, _csrf }).expect(303);
    const { user } = (await browser.get('/')).body as { user: string };
    expect(user).not.toBe(annId);
    await auth.sessions.revokeAll(user);
    expect((await browser.get('/')).body.user).toBeNull();
  });
});

test('req.logIn: auth.startSession logs in the user of an invitation, with a new session id', async () => {
  const invited = express();
  page.evaluate('log-in', {
    './app.js': { ...bridge, app: invited.use(old.oldSession) },
    './invitations.js': { acceptInvitation: () => ({ id: annId }) },
  });
  const accepted = await request(invited).post('/invitation');
  expect([accepted.status, accepted.headers['location']]).toEqual([303, '/welcome']);
  expect(Object.keys(setCookies(accepted)).sort()).toEqual(['accessToken', 'connect.sid', 'refreshToken']);
});
