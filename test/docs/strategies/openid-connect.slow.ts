import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { CookieBrowser } from '../../helpers/browsers/cookie-browser';
import { postJson } from '../../helpers/post-json';
import { freePort } from '../../helpers/servers/free-port';
import { useDocPage } from '../../helpers/snippets';

// Against a real provider, oidc-provider, in a separate process.
const page = useDocPage('docs/strategies/openid-connect.md');
let provider: ChildProcess;
let app: string;

beforeAll(async () => {
  const [issuerPort, appPort] = [await freePort(), await freePort()];
  app = `http://127.0.0.1:${appPort}`;
  const client = {
    CLIENT_ID: 'the-app',
    CLIENT_SECRET: 'a client secret of some length',
    PORT: String(issuerPort),
  };
  provider = spawn(process.execPath, [path.join(__dirname, '../../helpers/providers/oidc-provider.mjs')], {
    env: { ...process.env, ...client, REDIRECT_URI: `${app}/oidc/callback` },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(provider.stdout as NodeJS.ReadableStream, 'data');
  const settings = {
    ...client,
    ISSUER: `http://localhost:${issuerPort}`,
    APP_URL: app,
    PORT: String(appPort),
  };
  await page.start('oidc', settings);
});
afterAll(() => provider.kill('SIGKILL'));

/** Logs in at the provider, and follows its last redirect, back to the app. */
async function logInAtProvider(
  browser: CookieBrowser,
  name: string,
  start = '/oidc/login?returnTo=/profile',
  init?: RequestInit,
) {
  const login = await browser.open(app + start, init);
  const consent = await browser.submit(login, { login: name, password: 'any' });
  return browser.submit(consent);
}

interface Profile {
  id: string;
  authTime: string;
}
const profileOf = (browser: CookieBrowser) =>
  browser.fetch(`${app}/profile`).then((response) => response.json() as Promise<Profile>);

test('a login at the provider starts a session in the app, on the requested page', async () => {
  const browser = new CookieBrowser();
  const { url, status, text } = await logInAtProvider(browser, 'ann');
  expect([url.href, status]).toEqual([`${app}/profile`, 200]);
  const profile = JSON.parse(text) as Profile;
  expect(Date.now() - new Date(profile.authTime).getTime()).toBeLessThan(30_000);
  const again = new CookieBrowser();
  await logInAtProvider(again, 'ann');
  expect((await profileOf(again)).id).toBe(profile.id);
});

test("the provider's response works once, and only in the browser that asked for it", async () => {
  const browser = new CookieBrowser();
  await logInAtProvider(browser, 'bob');
  const callback = browser.visited.find((address) => address.includes('/oidc/callback')) as string;
  for (const each of [browser, new CookieBrowser()]) {
    const response = await each.fetch(callback);
    expect([response.status, response.headers.get('location')]).toEqual([302, '/?login=failed']);
  }
});

test('a returnTo to another site leads to the start page', async () => {
  const { url } = await logInAtProvider(new CookieBrowser(), 'cleo', '/oidc/login?returnTo=//evil.example');
  expect(url.href).toBe(`${app}/`);
});

test('a provider login does not take over an existing account; its user can link it while logged in, and then no one else can', async () => {
  const [dora, eve] = [await registered('dora@example.com'), await registered('eve@example.com')];
  const refused = await logInAtProvider(new CookieBrowser(), 'dora');
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('USERNAME_TAKEN')]);

  const linked = await logInAtProvider(dora.browser, 'dora', '/oidc/link', { method: 'POST' });
  expect(JSON.parse(linked.text)).toMatchObject({ id: dora.id });
  const later = new CookieBrowser();
  await logInAtProvider(later, 'dora');
  expect((await profileOf(later)).id).toBe(dora.id);

  const stolen = await logInAtProvider(eve.browser, 'dora', '/oidc/link', { method: 'POST' });
  expect([stolen.status, stolen.text]).toEqual([403, expect.stringContaining('FORBIDDEN')]);
  expect((await profileOf(eve.browser)).id).toBe(eve.id);
});

describe('the callback', () => {
  /** Begins a login. @returns the state that the app sends to the provider */
  async function begin(browser: CookieBrowser): Promise<string> {
    const { headers } = await browser.fetch(`${app}/oidc/login`, { redirect: 'manual' });
    return new URL(headers.get('location') as string).searchParams.get('state') as string;
  }
  const open = async (browser: CookieBrowser, query: string) => {
    const response = await browser.fetch(`${app}/oidc/callback${query}`, { redirect: 'manual' });
    return {
      status: response.status,
      location: response.headers.get('location'),
      text: await response.text(),
    };
  };
  const FAILED = { status: 302, location: '/?login=failed' };

  test('without a query, or without a code, is a failed login', async () => {
    const browser = new CookieBrowser();
    const state = await begin(browser);
    for (const query of ['', `?state=${state}`, `?error=access_denied&state=${state}`, '?code=&state='])
      expect(await open(browser, query)).toMatchObject(FAILED);
  });

  test('with a made-up code or state is a failed login', async () => {
    const browser = new CookieBrowser();
    const state = await begin(browser);
    expect(await open(browser, '?code=made-up&state=made-up')).toMatchObject(FAILED);
    expect(await open(browser, '?code=made-up')).toMatchObject(FAILED);
    expect(await open(browser, `?code=made-up&state=${state}`)).toMatchObject(FAILED);
  });

  // The last test of the file: nothing starts the provider again.
  test('while the provider is down answers 503, without a stack', async () => {
    const browser = new CookieBrowser();
    const state = await begin(browser);
    const ended = once(provider, 'exit');
    provider.kill('SIGKILL');
    await ended;
    const { status, text } = await open(browser, `?code=any&state=${state}`);
    expect([status, JSON.parse(text)]).toEqual([
      503,
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }),
    ]);
  });
});

/** A user with a password in the app, logged in. */
async function registered(username: string): Promise<{ browser: CookieBrowser; id: string }> {
  const browser = new CookieBrowser();
  const init = postJson({ username, password: 'correct horse 9 battery' });
  await browser.fetch(`${app}/auth/register`, init);
  await browser.fetch(`${app}/auth/login`, init);
  return { browser, id: (await profileOf(browser)).id };
}

test('while the provider is down, logged-in users stay logged in', async () => {
  const port = String(await freePort());
  const nowhere = `http://127.0.0.1:${await freePort()}`;
  const there = await page.start('oidc', {
    ...{ ISSUER: nowhere, CLIENT_ID: 'the-app', CLIENT_SECRET: 'any', APP_URL: `http://127.0.0.1:${port}` },
    PORT: port,
  });
  const ann = postJson({ username: 'ann', password: 'correct horse 9 battery' });
  await there('/auth/register', ann);
  await there('/auth/login', ann);

  const begin = await there('/oidc/login', { redirect: 'manual' });
  const address = new URL(begin.headers.get('location') as string);
  expect([begin.status, address.origin]).toEqual([302, nowhere]);
  const callback = `/oidc/callback?code=any&state=${address.searchParams.get('state')}`;
  expect((await there(callback, { redirect: 'manual' })).status).toBe(503);
  expect((await there('/auth/refresh', postJson({}))).status).toBe(200);
  expect((await there('/profile')).status).toBe(200);
});
