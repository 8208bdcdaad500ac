import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PASSWORD } from '../helpers/apps/app';
import { useBrowser, type Page } from '../helpers/browsers/browser';
import { addAuthenticator } from '../helpers/browsers/virtual-authenticator';
import { freePort } from '../helpers/servers/free-port';
import { useDocPage } from '../helpers/snippets';

// In Chromium with a virtual authenticator, and with the built client.
const doc = useDocPage('docs/passkeys.md');
const chromium = useBrowser();
let app: string;

beforeAll(async () => {
  const port = String(await freePort());
  app = `http://localhost:${port}`; // a passkey needs a host name: it can't belong to an IP address
  await doc.start('passkeys', { BASE_URL: app, PORT: port });
});

const IMPORTS = {
  'passport-visa/client': '/client/index.js',
  'passport-visa/client/passkeys': '/client/passkeys/index.js',
};

/** A tab with the functions of the page, and a security key that agrees to everything. */
async function openTab(): Promise<Page> {
  const tab = await (await chromium.open()).newPage();
  await addAuthenticator(tab);
  await tab.route(`${app}/client/**`, (route) => {
    const file = new URL(route.request().url()).pathname;
    return route.fulfill({
      contentType: 'text/javascript',
      body: readFileSync(path.join(__dirname, '../../dist', file), 'utf8'),
    });
  });
  await tab.route(`${app}/page.js`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: doc.snippet('passkeys-page') }),
  );
  await tab.route(`${app}/page`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>App</title><input name="username" autocomplete="username webauthn">
        <script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
        <script type="module">
          import * as page from '/page.js';
          Object.assign(globalThis, { page, isReady: true });
        </script>`,
    }),
  );
  await tab.goto(`${app}/page`);
  await tab.waitForFunction('globalThis.isReady');
  return tab;
}

async function loggedInTab(username: string): Promise<Page> {
  const tab = await openTab();
  const credentials = JSON.stringify({ username, password: PASSWORD });
  await tab.evaluate(`page.auth.register(${credentials}).then(() => page.auth.login(${credentials}))`);
  return tab;
}

test('a registered passkey logs in without a username, by the button and by the list of the field', async () => {
  const tab = await loggedInTab('ann');
  const before = await tab.evaluate<{ id: string }>('page.auth.check()');
  expect(await tab.evaluate("page.addPasskey('Laptop')")).toMatchObject({ passkey: { name: 'Laptop' } });
  for (const way of ['page.logIn()', 'page.offerPasskeys()']) {
    await tab.evaluate('page.auth.logout()');
    expect(await tab.evaluate(way)).toMatchObject({ username: 'ann' });
    expect(await tab.evaluate("fetch('/profile').then((answer) => answer.json())")).toMatchObject({
      id: before.id,
      amr: ['hwk', 'mfa'],
    });
  }
});

test('passkeys are listed, renamed and removed', async () => {
  const tab = await loggedInTab('bob');
  const { passkey } = await tab.evaluate<{ passkey: { id: string } }>('page.addPasskey()');
  const id = JSON.stringify(passkey.id);
  await tab.evaluate(`page.renamePasskey(${id}, 'Old phone')`);
  expect(await tab.evaluate('page.listPasskeys()')).toMatchObject([{ id: passkey.id, name: 'Old phone' }]);
  await tab.evaluate(`page.removePasskey(${id})`);
  expect(await tab.evaluate('page.listPasskeys()')).toEqual([]);
});

test('an answer works once, and only for its own challenge', async () => {
  const tab = await loggedInTab('eve');
  await tab.evaluate('page.addPasskey()');
  const login = (change: string) =>
    tab.evaluate(`(async () => {
      globalThis.proof ??= await page.keys.prove();
      ${change}
      return page.auth.login(globalThis.proof, '/login/passkey').then(({ username }) => username, ({ code }) => code);
    })()`);
  expect(await login('')).toBe('eve');
  expect(await login('')).toBe('INVALID_PASSKEY');
  const other = 'globalThis.proof.credential.response = (await page.keys.prove()).credential.response;';
  expect(await login(other)).toBe('eve');
  expect(await login('globalThis.proof.credential.response.signature = "AA";')).toBe('INVALID_PASSKEY');
});

test('all features go into one list', async () => {
  const env = { BASE_URL: app, FACTOR_KEY: 'a-key-for-second-factors-0123456789' };
  const browse = await doc.start('together', env);
  const post = async (path: string, body: object) =>
    (await browse(`/auth${path}`, { method: 'POST', body: JSON.stringify(body) })).status;
  expect(await post('/password/forgot', { email: 'ann@example.com' })).toBe(202);
  expect(await post('/login/passkey/options', {})).toBe(200);
  expect(await post('/login/second-factor', { code: '123456' })).toBe(400);
});
