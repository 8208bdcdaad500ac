import type { Express, RequestHandler } from 'express';
import request from 'supertest';
import type { Auth, MemoryUserStore } from '../../src';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET, setCookies } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

/** Replaces express-session and passport.session(): the cookie `old` names a login. */
const oldLogins = new Map<string, string>();
const oldSession: RequestHandler = (req, res, next) => {
  const id = /\bold=(\w+)/.exec(req.headers.cookie ?? '')?.[1] ?? '';
  const user = oldLogins.get(id);
  const session: { passport?: { user: string } } = user === undefined ? {} : { passport: { user } };
  Object.assign(req, { session });
  if (user !== undefined) req.user = { id: user, username: 'as deserialised' } as never;
  res.on('finish', () => {
    if (!session.passport) oldLogins.delete(id);
  });
  next();
};

Object.assign(process.env, { ACCESS_TOKEN_SECRET: ACCESS_SECRET, REFRESH_TOKEN_SECRET: REFRESH_SECRET });
const page = useDocPage('docs/from-express-session.md');
const { app, auth, users } = page.evaluate('bridge', { './old-session.js': { oldSession } }) as {
  app: Express;
  auth: Auth;
  users: MemoryUserStore;
};
let annId: string;

beforeAll(async () => {
  annId = (await users.create({ username: 'ann', passwordHash: null, roles: ['editor'] })).id;
});
beforeEach(() => oldLogins.set('s1', annId));
afterAll(() => auth.close());

test('an old login is exchanged for a new one on the next page, once', async () => {
  const browser = request.agent(app);
  const taken = await browser.get('/?tab=2').set('Cookie', 'old=s1');
  expect([taken.status, taken.headers['location']]).toEqual([303, '/?tab=2']);
  expect(setCookies(taken)['refreshToken']?.attributes).toContain('Max-Age=10800');
  expect(oldLogins.size).toBe(0);
  expect((await browser.get('/')).body).toEqual({ user: annId });
  const [session, ...others] = await auth.sessions.list(annId);
  expect([others.length, (session?.authTime.getTime() ?? 0) < Date.now() - 60 * 60 * 1000]).toEqual([
    0,
    true,
  ]);
});

test('a request that is not for a page still uses the old login', async () => {
  const script = { Cookie: 'old=s1', 'Sec-Fetch-Dest': 'empty' };
  expect((await request(app).get('/').set(script)).body).toEqual({ user: annId });
  expect(oldLogins.size).toBe(1);
});

test('anonymous visitors stay anonymous, and a new login ignores the old session', async () => {
  expect((await request(app).get('/')).body).toEqual({ user: null });
  const bob = { username: 'bob', password: PASSWORD };
  const browser = request.agent(app);
  const { body } = await browser.post('/auth/register').send(bob);
  await browser.post('/auth/login').send(bob);
  const response = await browser.get('/').set('Cookie', 'old=s1'); // in addition to the login's cookies
  expect([response.status, response.body.user, oldLogins.size]).toEqual([200, body.user.id, 1]);
});

test('an old login of an unknown user gets 401 once', async () => {
  oldLogins.set('s2', 'gone');
  const send = () => request(app).get('/').set('Cookie', 'old=s2');
  expect((await send()).body).toMatchObject({ code: 'INVALID_CREDENTIALS' });
  expect((await send()).body).toEqual({ user: null });
});
