import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as otpauth from 'otpauth';
import { PASSWORD } from '../helpers/apps/app';
import { useBrowser, type Page } from '../helpers/browsers/browser';
import { addAuthenticator } from '../helpers/browsers/virtual-authenticator';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/servers/free-port';
import { useDocPage } from '../helpers/snippets';
import { FACTOR_KEY } from '../features/second-factor/factor-app';

// The three files of the page, in Chromium with a virtual authenticator, and with the built client.
const doc = useDocPage('docs/protected-accounts.md');
const chromium = useBrowser();

const root = path.join(__dirname, '../..');

/** The app reads its files from the folder that a reader starts it in. */
async function startApp(): Promise<string> {
  const folder = path.dirname(doc.write('index.html', doc.snippet('page')));
  const pages = path.join(folder, 'public');
  mkdirSync(pages);
  writeFileSync(path.join(pages, 'index.html'), doc.snippet('page'));
  writeFileSync(path.join(pages, 'page.mjs'), doc.snippet('script'));
  const port = String(await freePort());
  const url = `http://localhost:${port}`; // a passkey needs a host name: it can't belong to an IP address
  const edit = (code: string) =>
    code
      .replace("'node_modules/passport-visa/dist/client'", JSON.stringify(path.join(root, 'dist/client')))
      .replace("'node_modules/lean-qr'", JSON.stringify(path.join(root, 'node_modules/lean-qr')))
      .replace("'public'", JSON.stringify(pages));
  await doc.start('app', { BASE_URL: url, FACTOR_KEY, PORT: port }, { edit });
  return url;
}

const shows = (tab: Page, text: string) =>
  tab.waitForFunction(`document.getElementById('message').textContent.includes(${JSON.stringify(text)})`);

async function logIn(tab: Page): Promise<void> {
  await tab.fill('#login [name=username]', 'ann');
  await tab.fill('#login [name=password]', PASSWORD);
}

test('a reader registers, adds an app and a passkey, and proves them', async () => {
  const url = await startApp();
  const tab = await (await chromium.open()).newPage();
  const failures: string[] = [];
  tab.on('pageerror', ({ message }) => failures.push(message));
  await addAuthenticator(tab);
  let challenges = 0;
  tab.on('request', (request) => request.url().endsWith('/passkey/options') && (challenges += 1));
  const offered = (times: number) =>
    eventually('the list of the name offers passkeys', () => Promise.resolve(challenges === times));
  await tab.goto(url);
  // The authenticator, which has no passkey yet, refuses at once. Each failure is followed by another offer.
  await offered(2);
  await tab.click('#passkey-login');
  await offered(4);

  await logIn(tab);
  await tab.click('[name=register]');
  await tab.waitForSelector('#account:visible');
  expect(await tab.textContent('h1:visible')).toBe('Hello, ann');
  await tab.click('#open-vault');
  await shows(tab, 'Add a passkey or an authenticator app first.');
  expect(challenges).toBe(4);

  await tab.click('#add-app');
  await tab.waitForSelector('#enrolment:visible');
  expect(await tab.getAttribute('#qr-code', 'src')).toMatch(/^data:image\/png;base64,/);
  const app = new otpauth.TOTP({ secret: (await tab.textContent('#secret')) ?? '' });
  await tab.fill('#enrolment [name=code]', '12345');
  await tab.click('#enrolment button');
  await shows(tab, 'must be the digits');
  const now = Date.now();
  await tab.fill('#enrolment [name=code]', app.generate({ timestamp: now }));
  await tab.click('#enrolment button');
  await tab.waitForSelector('#factors li');
  const [, ...codes] = ((await tab.textContent('#codes')) ?? '').split('\n');
  expect(codes).toHaveLength(10);

  await tab.click('#logout');
  await tab.waitForSelector('#login:visible');
  expect(await tab.textContent('#codes')).toBe('');
  await logIn(tab);
  await tab.click('#login button:first-of-type');
  await tab.waitForSelector('#second-step:visible');
  expect(await tab.inputValue('#login [name=password]')).toBe('');
  await tab.fill('[name=recoveryCode]', 'no code');
  await tab.click('#second-step button:first-of-type');
  await shows(tab, 'must be a recovery code');
  await tab.fill('[name=recoveryCode]', codes[0] ?? '');
  await tab.check('[name=trustDevice]');
  await tab.click('#second-step button:first-of-type');
  await tab.waitForSelector('#account:visible');
  await shows(tab, '9 recovery codes');

  await tab.click('#logout');
  await logIn(tab);
  await tab.click('#login button:first-of-type');
  await tab.waitForSelector('#account:visible');
  await tab.click('#open-vault');
  await tab.waitForSelector('#proof[open]');
  expect(await tab.isVisible('#by-password')).toBe(false);
  await tab.fill('#proof [name=code]', '000000');
  await tab.click('#proof [value=fields]');
  await tab.waitForFunction("document.getElementById('proof-failure').textContent");
  await tab.fill('#proof [name=code]', app.generate({ timestamp: Math.max(now + 30_000, Date.now()) }));
  await tab.click('#proof [value=fields]');
  await shows(tab, 'below the old oak');

  await tab.click('#add-passkey');
  await tab.waitForSelector('#factors li:nth-of-type(2)');
  // The list of the name has the passkey, and this authenticator picks it.
  const loggedIn = tab.waitForResponse('**/auth/login/passkey');
  await tab.click('#logout');
  expect((await loggedIn).status()).toBe(200);
  await tab.waitForSelector('#account:visible');
  await tab.click('#open-vault');
  await shows(tab, 'below the old oak');
  await tab.click('#factors button:first-of-type');
  await tab.waitForFunction("document.querySelectorAll('#factors li').length === 1");
  expect(await tab.textContent('#factors')).toContain('Passkey');
  await tab.click('#new-codes');
  const shown = await tab.waitForFunction(
    "document.getElementById('codes').textContent.split('\\n').length === 11 && document.getElementById('codes').textContent",
  );
  for (const code of codes) expect(await shown.jsonValue()).not.toContain(code);
  expect(failures).toEqual([]);
});
