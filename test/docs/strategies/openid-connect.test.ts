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

/** A user with a password in the app, logged in. */
async function registered(username: string): Promise<{ browser: CookieBrowser; id: string }> {
  const browser = new CookieBrowser();
  const init = postJson({ username, password: 'correct horse 9 battery' });
  await browser.fetch(`${app}/auth/register`, init);
  await browser.fetch(`${app}/auth/login`, init);
  return { browser, id: (await profileOf(browser)).id };
}

test.each([
  ['answers 500', ['oidc'], 500, null],
  ["redirects with the page's error handler", ['oidc', 'down'], 302, '/?login=unavailable'],
])(
  'while the provider is down, the callback %s, and logged-in users stay logged in',
  async (_what, names, status, location) => {
    const port = String(await freePort());
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const there = await page.start(names, {
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
    const response = await there(callback, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([status, location]);
    expect((await there('/auth/refresh', postJson({}))).status).toBe(200);
    expect((await there('/profile')).status).toBe(200);
  },
);
