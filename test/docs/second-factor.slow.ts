import express, { type Express } from 'express';
import * as otpauth from 'otpauth';
import { Strategy } from 'passport';
import request from 'supertest';
import {
  createAuth,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  secondFactor,
  type Auth,
  type SecondFactor,
} from '../../src/index';
import { FactorSets } from '../../src/features/factor-sets';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from '../helpers/apps/app';
import { quickHash } from '../helpers/apps/quick-passwords';
import { postJson } from '../helpers/post-json';
import { useDocPage, type Browse } from '../helpers/snippets';
import { FACTOR_KEY, factorApp, type FactorApp } from '../features/second-factor/factor-app';

const page = useDocPage('docs/second-factor.md');

interface LoginPage {
  login(username: string, password: string): Promise<object>;
  secondStep(code: string, trustDevice?: boolean): Promise<object>;
}
interface EnrolPage {
  begin(): Promise<{ id: string; secret: string; uri: string }>;
  confirm(id: string, code: string): Promise<string[] | undefined>;
}

beforeAll(() => {
  Object.assign(process.env, {
    FACTOR_KEY,
    ACCESS_TOKEN_SECRET: ACCESS_SECRET,
    REFRESH_TOKEN_SECRET: REFRESH_SECRET,
  });
});

/** Runs what a page of the app does in this browser. */
async function inBrowser<T>(browse: Browse, work: () => Promise<T>): Promise<T> {
  const original = globalThis.fetch;
  const ofPage = (where: string, init?: RequestInit) => {
    globalThis.fetch = original; // `browse` needs it
    return browse(where, init).finally(() => (globalThis.fetch = ofPage as typeof fetch));
  };
  globalThis.fetch = ofPage as typeof fetch;
  try {
    return await work();
  } finally {
    globalThis.fetch = original;
  }
}

test('the app and the pages of the page enrol an authenticator app, and log in with it', async () => {
  const browse = await page.start('setup');
  const { login, secondStep } = page.evaluate('login') as unknown as LoginPage;
  const { begin, confirm } = page.evaluate('enrol') as unknown as EnrolPage;
  const ann = { username: 'ann', password: PASSWORD };
  await browse('/auth/register', postJson(ann));
  const user = { user: { username: 'ann' } };
  expect(await inBrowser(browse, () => login('ann', PASSWORD))).toMatchObject(user);
  const { id, secret, uri } = await inBrowser(browse, begin);
  const totp = otpauth.URI.parse(uri) as otpauth.TOTP;
  expect(totp).toMatchObject({ issuer: 'Example', label: 'ann', secret: { base32: secret } });
  await expect(inBrowser(browse, () => confirm(id, '000000'))).rejects.toMatchObject({
    code: 'INVALID_SECOND_FACTOR',
  });
  expect(await inBrowser(browse, () => confirm(id, totp.generate()))).toHaveLength(10);

  expect(await inBrowser(browse, () => login('ann', PASSWORD))).toEqual({
    askForCode: ['totp', 'recovery-code'],
  });
  expect(await inBrowser(browse, () => secondStep('000000'))).toEqual({
    message: 'The code is wrong or was used already',
  });
  const next = totp.generate({ timestamp: Date.now() + 30_000 });
  expect(await inBrowser(browse, () => secondStep(next, true))).toMatchObject(user);
  expect(await (await browse('/profile')).json()).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
  expect(await inBrowser(browse, () => secondStep(next))).toMatchObject({
    beginAgain: expect.any(String) as string,
  });
  // This browser is trusted now.
  expect(await inBrowser(browse, () => login('ann', PASSWORD))).toMatchObject(user);
});

/** What a provider says about ann, by a strategy of this name. */
function useProvider(auth: Auth, name: string, userId: () => string, amr?: string[]): void {
  class Provider extends Strategy {
    override authenticate() {
      this.success({ id: userId() } as Express.User, { amr });
    }
  }
  auth.passport.use(name, new Provider());
}

describe('an app of users with a second factor', () => {
  let factor: FactorApp;
  let id = '';

  const start = async (snippet: 'entries' | 'accept', name: string, amr?: string[]) => {
    factor = factorApp({
      mount(app: Express, auth: Auth) {
        useProvider(auth, name, () => id, amr);
        page.evaluate(snippet, { './app.mjs': { app, auth } });
        app.use(auth.errorHandler);
      },
    });
    ({ id } = await factor.createUser('ann'));
    await factor.enrol('ann');
  };
  afterEach(() => factor.auth.close());

  test('the form and the provider of the page lead to the second step', async () => {
    await start('entries', 'google');
    const form = factor.client().post('/login').type('form').send({ username: 'ann', password: PASSWORD });
    expect((await form).headers['location']).toBe('/login/code');
    expect((await factor.client().get('/auth/google/callback')).text).toContain('/login/code');
  });

  test('the forms of the page lead to the account, or back', async () => {
    const feature = secondFactor({ issuer: 'App', key: FACTOR_KEY });
    factor = factorApp({
      feature,
      mount: (app, auth) => void page.evaluate('form', { './app.mjs': { app, auth, factor: feature } }),
    });
    await factor.createUser('ann');
    const { authenticator } = await factor.enrol('ann');
    const browser = factor.browser();
    const post = async (path: string, fields: object) =>
      (await browser.post(path).type('form').send(fields)).headers['location'] as string;
    const ann = { username: 'ann', password: PASSWORD };
    expect(await post('/login', ann)).toBe('/login/code');
    const action = await post('/login?returnTo=/orders', ann);
    expect(action).toBe('/login/code?returnTo=%2Forders');
    // As a browser sends the form of the page: its text fields, also the empty ones, and no box that isn't ticked.
    const form = page.snippet('code-form');
    expect(form).not.toContain('action=');
    const names = Array.from(form.matchAll(/<input name="(\w+)"/g), ([, name = '']) => name);
    const sent = (code: string) => ({ ...Object.fromEntries(names.map((name) => [name, ''])), code });
    const wrong = sent(authenticator.wrongCode());
    expect(await post(action, wrong)).toBe('/login/code?error=INVALID_SECOND_FACTOR&returnTo=%2Forders');
    expect(await post(action, sent(authenticator.nextCode()))).toBe('/orders');
    expect(await post(action, wrong)).toBe('/login?error=FLOW_STATE_INVALID&returnTo=%2Forders');
  });

  test("the provider's own second factor counts, where the page says so", async () => {
    await start('accept', 'company', ['pwd', 'mfa']);
    const browser = factor.browser();
    await browser.get('/auth/company/callback');
    expect((await browser.get('/auth/check')).body).toMatchObject({ user: { id, amr: ['pwd', 'mfa'] } });
  });
});

test('support takes the second factor away', async () => {
  const users = new MemoryUserStore();
  const { auth, help } = page.evaluate('support', { './stores.mjs': { users } }) as {
    auth: Auth;
    help(userId: string): Promise<void>;
  };
  const { id } = await users.create({ username: 'ann', passwordHash: quickHash(PASSWORD) });
  await users.credentials().add({ userId: id, kind: 'totp', id: 'lost', data: '{}' });
  await new FactorSets(users.credentials()).add(id, { kind: 'totp', id: 'lost' }, () => {});
  await auth.sessions.start(id).then(
    () => expect('a session').toBe('none'),
    (error: { code: string }) => expect(error.code).toBe('SECOND_FACTOR_REQUIRED'),
  );
  const info = jest.spyOn(console, 'info').mockReturnValue();
  await help(id);
  expect(info).toHaveBeenCalledWith('reset', { userId: id, factors: 1, sessions: 0 });
  info.mockRestore();
  expect(await auth.sessions.start(id)).toMatchObject({ user: { username: 'ann' } });
  await auth.close();
});

test('the guards of the page let an admin do nothing but enrol', async () => {
  const { factor } = page.evaluate('required') as { factor: SecondFactor };
  const users = new MemoryUserStore();
  const auth = createAuth({
    users,
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    features: [factor],
  });
  const app = express().use('/auth', auth.router);
  page.evaluate('guard', { './app.mjs': { app, auth } });
  const passwordHash = quickHash(PASSWORD);
  await users.create({ username: 'root', passwordHash, roles: ['admin'] });
  await users.create({ username: 'ann', passwordHash });
  const statuses = async (username: string) => {
    const browser = request.agent(app);
    const login = await browser.post('/auth/login').send({ username, password: PASSWORD });
    expect(login.status).toBe(200);
    return [(await browser.get('/security')).status, (await browser.get('/orders')).status];
  };
  expect(await statuses('root')).toEqual([200, 403]);
  expect(await statuses('ann')).toEqual([200, 200]);
  await auth.close();
});
