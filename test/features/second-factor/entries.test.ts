import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import express, { type RequestHandler } from 'express';
import {
  AuthError,
  createAuth,
  emailAccount,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type Mail,
  type StoredUser,
} from '../../../src/index';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET, setCookies } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { enrolIn, factorApp, refused, type Authenticator, type Browser, type FactorApp } from './factor-app';

const NEEDED = { ...refused('SECOND_FACTOR_REQUIRED'), factors: ['totp', 'recovery-code'] };

let factor: FactorApp;
let ann: StoredUser;
let authenticator: Authenticator;
let users: MemoryUserStore;

/** What a Passport strategy does: it puts the user into the request. */
const proved: RequestHandler = (req, _res, next) => {
  (req as { user?: unknown }).user = { id: ann.id };
  next();
};

beforeEach(async () => {
  users = new MemoryUserStore();
  factor = factorApp({
    stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
    mount(app, auth) {
      const form = express.urlencoded({ extended: false });
      app.post('/form', form, auth.login({ redirectTo: '/in', secondFactor: '/code?step=2' }));
      app.post('/plain-form', form, auth.login({ redirectTo: '/in', failureRedirect: '/login' }));
      app.post('/bare-form', form, auth.login({ redirectTo: '/in' }));
      app.get(
        '/callback',
        proved,
        auth.completeLogin({ redirectTo: '/in', secondFactor: '/code', amr: ['fed'] }),
      );
      app.get('/json-callback', proved, auth.completeLogin());
      app.post('/own', express.json(), (req, res, next) => {
        const { options = {} } = req.body as { options?: object };
        auth.startSession(req, res, ann, options).then(() => res.json({ in: true }), next);
      });
      app.use(auth.errorHandler);
    },
  });
  ann = await factor.createUser('ann');
  ({ authenticator } = await factor.enrol('ann'));
});

afterEach(() => factor.auth.close());

/** Makes the second step, and expects these methods in the token. */
async function finish(browser: Browser, amr: string[]): Promise<void> {
  const answer = await factor.secondStep(browser, { code: authenticator.nextCode() });
  expect(answer.status).toBe(200);
  expect((await browser.get('/auth/check')).body).toMatchObject({ user: { id: ann.id, amr } });
}

const sessions = () => factor.auth.sessions.list(ann.id);

describe('a login by a form', () => {
  const fields = { username: 'ann', password: PASSWORD, returnTo: '/orders?page=2' };

  test('leads to the page of the second step, which keeps where the user wanted to go', async () => {
    const before = await sessions();
    const browser = factor.browser();
    const answer = await browser.post('/form').type('form').send(fields);
    expect([answer.status, answer.headers['location']]).toEqual([
      303,
      '/code?step=2&returnTo=%2Forders%3Fpage%3D2',
    ]);
    expect(Object.keys(setCookies(answer))).toEqual(['flowState.factor']);
    expect(await sessions()).toEqual(before);
    await finish(browser, ['pwd', 'otp', 'mfa']);
  });

  test('a wrong password leads nowhere near it', async () => {
    const answer = await factor
      .client()
      .post('/form')
      .type('form')
      .send({ ...fields, password: 'wrong' });
    expect([answer.status, answer.body]).toEqual([401, refused('INVALID_CREDENTIALS')]);
    expect(setCookies(answer)).toEqual({});
  });

  test('without that page the error goes where the others go', async () => {
    const redirected = await factor.client().post('/plain-form').type('form').send(fields);
    expect(redirected.headers['location']).toBe(
      '/login?error=SECOND_FACTOR_REQUIRED&returnTo=%2Forders%3Fpage%3D2',
    );
    const answer = await factor.client().post('/bare-form').type('form').send(fields);
    expect([answer.status, answer.body]).toEqual([401, NEEDED]);
  });
});

describe('completeLogin', () => {
  test('leads to the page of the second step', async () => {
    const browser = factor.browser();
    const answer = await browser.get('/callback');
    expect([answer.status, answer.headers['location']]).toEqual([303, '/code']);
    expect(Object.keys(setCookies(answer))).toEqual(['flowState.factor']);
    await finish(browser, ['fed', 'otp', 'mfa']);
  });

  test('leads there from the page of a provider too, where browsers keep back strict cookies', async () => {
    const browser = factor.browser();
    const answer = await browser.get('/callback').set('Sec-Fetch-Site', 'cross-site');
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('url=/code') as string]);
    expect(answer.text).not.toContain('Logged in');
    await finish(browser, ['fed', 'otp', 'mfa']);
  });

  test('answers with JSON without that page', async () => {
    const browser = factor.browser();
    const answer = await browser.get('/json-callback');
    expect([answer.status, answer.body]).toEqual([401, NEEDED]);
    await finish(browser, ['otp', 'mfa']);
  });
});

describe('startSession', () => {
  test('throws the error with the factors, and has set the cookie', async () => {
    const before = await sessions();
    const browser = factor.browser();
    const answer = await browser.post('/own').send({ options: { amr: ['pwd'] } });
    expect([answer.status, answer.body]).toEqual([401, NEEDED]);
    expect(Object.keys(setCookies(answer))).toEqual(['flowState.factor']);
    expect(await sessions()).toEqual(before);
    await finish(browser, ['pwd', 'otp', 'mfa']);
  });

  test.each([['mfa'], ['pwd', 'otp', 'mfa'], ['hwk', 'mfa']])(
    'is not convinced by an amr of %s',
    async (...amr) => {
      for (const options of [{ amr }, { amr, transport: 'body' }]) {
        const answer = await factor.client().post('/own').send({ options });
        expect([answer.status, answer.body]).toMatchObject([401, { code: 'SECOND_FACTOR_REQUIRED' }]);
      }
    },
  );

  test('keeps the time of the first step, where the app says it', async () => {
    const error = await factor.auth
      .startSession(...plainCall(), ann, {
        transport: 'body',
        authTime: new Date(factor.clock.now() - 60_000),
      })
      .catch((thrown: unknown) => thrown as AuthError);
    const { challenge } = error as AuthError;
    const answer = await factor
      .client()
      .post('/auth/login/second-factor')
      .send({ code: authenticator.nextCode(), challenge });
    const { accessToken } = answer.body as { accessToken: string };
    const check = await factor.client().get('/auth/check').auth(accessToken, { type: 'bearer' });
    const { authTime } = (check.body as { user: { authTime: string } }).user;
    expect(factor.clock.now() - Date.parse(authTime)).toBeGreaterThan(60_000);
  });

  test('works on a plain server of Node, without Express', async () => {
    const server = createServer((req, res) => {
      factor.auth.startSession(req, res, ann).catch((error: unknown) => {
        res.end(JSON.stringify(error));
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.json()).toEqual(NEEDED);
    expect(answer.headers.get('set-cookie')).toMatch(/^flowState\.factor=[\w-]{32}; Max-Age=300/);
    server.close();
  });

  test('no log of the error shows the challenge', async () => {
    const error = await factor.auth
      .startSession(...plainCall(), ann, { transport: 'body' })
      .catch((thrown: unknown) => thrown as AuthError);
    const { challenge } = error as AuthError;
    expect(challenge).toMatch(/^[\w-]{32}$/);
    expect(JSON.parse(JSON.stringify(error))).toEqual({ ...NEEDED, challenge });
    expect(inspect(error, { depth: 9 })).not.toContain(challenge);
    expect(JSON.stringify(factor.events)).not.toContain(challenge);
  });
});

/** A request and a response of Node that no server has made. */
function plainCall() {
  const req = { method: 'POST', headers: {}, httpVersion: '1.1', socket: {} };
  const headers = new Map<string, unknown>();
  const res = {
    req,
    headersSent: false,
    setHeader: (name: string, value: unknown) => headers.set(name.toLowerCase(), value),
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    hasHeader: (name: string) => headers.has(name.toLowerCase()),
    appendHeader: (name: string, value: unknown) => headers.set(name.toLowerCase(), value),
    end: () => undefined,
  };
  return [req, res] as unknown as Parameters<typeof factor.auth.startSession> extends [
    infer Req,
    infer Res,
    ...unknown[],
  ]
    ? [Req, Res]
    : never;
}

test('sessions.start throws the error with the factors: server code has no browser to go on with', async () => {
  const before = await sessions();
  const error = await factor.auth.sessions
    .start(ann.id, { amr: ['pwd', 'otp', 'mfa'] })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AuthError);
  expect(error).toMatchObject({ code: 'SECOND_FACTOR_REQUIRED', factors: ['totp', 'recovery-code'] });
  expect((error as AuthError).challenge).toBeUndefined();
  expect(await sessions()).toEqual(before);
});

test('registering logs no one in, and a user without a second factor logs in as before', async () => {
  const bob = { username: 'bob', password: PASSWORD };
  expect((await factor.client().post('/auth/register').send(bob)).status).toBe(201);
  const browser = factor.browser();
  const answer = await browser.post('/auth/login').send(bob);
  expect(answer.status).toBe(200);
  expect(Object.keys(setCookies(answer))).toEqual(['accessToken', 'refreshToken']);
  expect((await browser.get('/auth/check')).body).not.toHaveProperty('user.amr');
});

test('a new password goes on in a session that keeps mfa, and changes no factor by itself', async () => {
  const browser = factor.browser();
  await factor.firstStep(browser, 'ann');
  await finish(browser, ['pwd', 'otp', 'mfa']);
  factor.clock.forward(10 * 60_000);
  const change = { currentPassword: PASSWORD, newPassword: 'quite another 8 words' };
  expect((await browser.post('/auth/password').send(change)).status).toBe(200);
  // The proof of that moment is the password: a thief of the session who knows it has no factor.
  expect((await browser.get('/auth/check')).body).toMatchObject({ user: { amr: ['pwd', 'mfa'] } });
  expect((await browser.post('/auth/factors/recovery-codes')).body).toMatchObject({
    code: 'REAUTHENTICATION_REQUIRED',
  });
  expect((await browser.post('/auth/refresh')).status).toBe(200);
});

test('a factor that is enrolled while a password login goes on stops it', async () => {
  const bob = await factor.createUser('bob');
  const { browser } = await (async () => {
    const first = factor.browser();
    await factor.firstStep(first, 'bob');
    return { browser: first };
  })();
  const refreshTokens = new MemoryRefreshTokenStore();
  const slow = factorApp({ stores: { users, refreshTokens }, clock: factor.clock });
  const create = refreshTokens.create.bind(refreshTokens);
  let enrolledMeanwhile = false;
  jest.spyOn(refreshTokens, 'create').mockImplementation(async (session) => {
    const ended = await create(session);
    await enrolIn(browser, factor.clock);
    enrolledMeanwhile = true;
    return ended;
  });
  const answer = await slow.firstStep(slow.browser(), 'bob');
  expect([enrolledMeanwhile, answer.status, answer.body]).toEqual([true, 401, NEEDED]);
  await eventually('the session is deleted', async () => (await refreshTokens.list(bob.id)).length === 0);
  await slow.auth.close();
});

test('the options for the page of the second step need the feature', async () => {
  const plain = createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
  });
  for (const make of [
    () => plain.login({ secondFactor: '/code' }),
    () => plain.completeLogin({ secondFactor: '/code' }),
  ])
    expect(make).toThrow('secondFactor needs the feature');
  for (const bad of ['https://evil.example', '//evil.example', ''])
    expect(() => factor.auth.login({ secondFactor: bad })).toThrow('secondFactor must be a path of this app');
  expect(() => factor.auth.completeLogin({ secondFactor: '/code', transport: 'body' })).toThrow('transport');
  await plain.close();
});

describe('beside emailAccount', () => {
  const mails: Mail[] = [];
  let both: FactorApp;
  let carol: StoredUser;
  let ofCarol: Authenticator;

  beforeEach(async () => {
    mails.length = 0;
    const account = emailAccount({
      send: (mail) => {
        mails.push(mail);
      },
      baseUrl: 'https://app.example.com',
      login: ['link', 'code'],
      limits: { mailbox: false, address: false },
    });
    both = factorApp({ features: [account] });
    carol = await both.createUser('carol@example.com');
    const browser = both.browser();
    await both.firstStep(browser, carol.username);
    ({ authenticator: ofCarol } = await enrolIn(browser.set('Accept-Language', 'ko'), both.clock));
  });

  afterEach(() => both.auth.close());

  const mail = async (kind: Mail['kind']): Promise<Mail> => {
    await eventually(`a mail ${kind}`, () => Promise.resolve(mails.some((each) => each.kind === kind)));
    return mails.find((each) => each.kind === kind) as Mail;
  };

  test('the owner gets a mail about a new factor, in the language of the request', async () => {
    expect(await mail('factor-added')).toMatchObject({ to: carol.username, userId: carol.id, locale: 'ko' });
  });

  test('the owner gets a mail about new recovery codes', async () => {
    const browser = both.browser();
    await both.firstStep(browser, carol.username);
    await both.secondStep(browser, { code: ofCarol.nextCode() });
    expect((await browser.post('/auth/factors/recovery-codes')).status).toBe(200);
    expect(await mail('recovery-codes-renewed')).toMatchObject({
      to: carol.username,
      subject: 'Your account at app.example.com has new recovery codes',
      locale: 'en',
    });
  });

  test.each(['link', 'code'])('a login by a %s is asked for the second factor', async (way) => {
    const browser = both.browser();
    await browser.post(`/auth/login/${way}`).send({ username: carol.username, remember: true });
    const sent = await mail(way === 'link' ? 'login-link' : 'login-code');
    const token = new URLSearchParams(new URL(sent.url ?? 'http://x').hash.slice(1)).get('token');
    const body = way === 'link' ? { token } : { code: sent.code };
    const answer = await browser.post(`/auth/login/${way}/verify`).send(body);
    expect([answer.status, answer.body]).toEqual([401, NEEDED]);
    const second = await both.secondStep(browser, { code: ofCarol.nextCode() });
    expect(second.status).toBe(200);
    expect(setCookies(second)['refreshToken']?.attributes.join()).toContain('Max-Age');
    expect((await browser.get('/auth/check')).body).toMatchObject({ user: { amr: ['mca', 'otp', 'mfa'] } });
  });

  test('the link that proves an address is asked for the second factor, and proves it all the same', async () => {
    const account = emailAccount({
      send: (sent) => {
        mails.push(sent);
      },
      baseUrl: 'https://app.example.com',
      verification: 'later',
      limits: { mailbox: false, address: false },
    });
    const later = factorApp({ features: [account] });
    const dora = { username: 'dora@example.com', password: PASSWORD };
    const browser = later.browser();
    expect((await browser.post('/auth/register').send(dora)).status).toBe(201);
    const { url = '' } = await mail('verify');
    const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token');
    const { authenticator: ofDora } = await later.enrol(dora.username, browser);
    const verified = await browser.post('/auth/email/verify').send({ token });
    expect([verified.status, verified.body]).toEqual([401, NEEDED]);
    expect((await later.secondStep(browser, { code: ofDora.nextCode() })).status).toBe(200);
    expect((await browser.get('/auth/check')).body).toMatchObject({
      user: { emailVerified: true, amr: ['mca', 'otp', 'mfa'] },
    });
    await later.auth.close();
  });

  /** Sets a new password with the link of a mail. */
  const resetBy = async (newPassword: string) => {
    await both.client().post('/auth/password/forgot').send({ username: carol.username });
    const { url = '' } = await mail('reset');
    const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token');
    expect((await both.client().post('/auth/password/reset').send({ token, newPassword })).status).toBe(200);
  };

  test('a reset ends trusted devices, too', async () => {
    const browser = both.browser();
    await both.firstStep(browser, carol.username);
    await both.secondStep(browser, { code: ofCarol.nextCode(), trustDevice: true });
    expect((await both.firstStep(browser, carol.username)).status).toBe(200);
    const newPassword = 'quite another 8 words';
    await resetBy(newPassword);
    const again = await both.firstStep(browser, carol.username, { password: newPassword });
    expect([again.status, again.body]).toEqual([401, NEEDED]);
  });

  test('a reset ends the challenges, and the next login is asked for the second factor', async () => {
    const browser = both.browser();
    await both.firstStep(browser, carol.username);
    const newPassword = 'quite another 8 words';
    await resetBy(newPassword);
    expect((await both.secondStep(browser, { code: ofCarol.nextCode() })).body).toEqual(
      refused('FLOW_STATE_INVALID'),
    );
    const again = await both
      .client()
      .post('/auth/login')
      .send({ username: carol.username, password: newPassword });
    expect([again.status, again.body]).toEqual([401, NEEDED]);
  });
});
