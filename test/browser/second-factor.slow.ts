import { text as textOf } from 'node:stream/consumers';
import * as otpauth from 'otpauth';
import type { StoredUser } from '../../src/index';
import { PASSWORD } from '../helpers/apps/app';
import { useExampleApp } from '../helpers/apps/example-app';
import { collectPageErrors, useBrowser, type BrowserContext, type Page } from '../helpers/browsers/browser';
import {
  fill,
  focused,
  follow,
  heading,
  logIn,
  logInLongAgo,
  mailTo,
  notice,
  openView,
  press,
} from '../helpers/browsers/example-page';

const app = useExampleApp();
const browser = useBrowser();
const STEP_MS = 30_000;

/** An authenticator app, which has read the QR code's link. Each code is good once, so each is of a later step than the one before. */
class Phone {
  readonly #totp: otpauth.TOTP;
  #step = 0;

  constructor(uri: string) {
    this.#totp = otpauth.URI.parse(uri) as otpauth.TOTP;
  }

  /** The server takes the code of the next step too, so a second one follows without a wait. */
  async nextCode(): Promise<string> {
    const current = () => Math.floor(Date.now() / STEP_MS);
    this.#step = Math.max(this.#step + 1, current());
    while (this.#step > current() + 1) await new Promise((resolve) => setTimeout(resolve, 250));
    return this.#totp.generate({ timestamp: this.#step * STEP_MS });
  }
}

const dialogIn = (page: Page) => page.getByRole('dialog');

async function openSecurity(context: BrowserContext): Promise<Page> {
  const page = await openView(context, app, '/security');
  await heading(page, 'Security');
  return page;
}

/** Turns the two-step login on in a page that shows "Security". @returns the phone and its recovery codes */
async function enrol(page: Page): Promise<{ phone: Phone; recoveryCodes: string[] }> {
  await follow(page, 'Add an authenticator app');
  await heading(page, 'Add an authenticator app');
  await page.getByRole('img', { name: 'QR code for the authenticator app' }).waitFor();
  const uri = await page.getByRole('link', { name: 'Open in an app on this device' }).getAttribute('href');
  expect(uri).toContain(String(await page.locator('#secret').textContent()).replaceAll(' ', ''));
  const phone = new Phone(String(uri));
  await fill(page, { 'Code that the app shows': '12', 'Name of the app or phone (optional)': 'My phone' });
  await press(page, 'Turn on');
  await page.locator('#field-code-error:not(:empty)').waitFor();
  expect(await focused(page)).toBe('field-code');
  await fill(page, { 'Code that the app shows': await phone.nextCode() });
  await press(page, 'Turn on');
  await heading(page, 'Recovery codes');
  const recoveryCodes = await page.locator('.codes code').allTextContents();
  expect(recoveryCodes).toHaveLength(10);
  return { phone, recoveryCodes };
}

async function firstStep(context: BrowserContext, username: string): Promise<Page> {
  const page = await openView(context, app, '/login');
  await fill(page, { 'E-mail': username, Password: PASSWORD });
  await press(page, 'Log in');
  await heading(page, 'Two-step login');
  return page;
}

async function newUser(username: string): Promise<StoredUser> {
  return app.createUser({ username });
}

test('the two-step login is turned on, asked for, recovered, skipped on a trusted device, and turned off', async () => {
  const username = 'lena@example.com';
  const user = await newUser(username);
  const [here, elsewhere] = [await browser.open({ acceptDownloads: true }), await browser.open()];
  const errors = await collectPageErrors(here);
  await logIn(here, app, user);
  await logIn(elsewhere, app, user);
  const page = await openSecurity(here);
  const { phone, recoveryCodes } = await enrol(page);
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
  const text = await textOf(await download.createReadStream());
  expect(text.split('\n').slice(2, 12)).toEqual(recoveryCodes);
  await press(page, 'I have kept them');
  await heading(page, 'Security');
  await page.getByText('Codes left: 10.').waitFor();
  await mailTo(app, username, 'factor-added');
  // The other device is logged out.
  expect(await app.sessions.list(user.id)).toHaveLength(1);

  // With a code, on a device that is trusted from now on.
  await press(page, 'Log out');
  await heading(page, 'Log in');
  const login = await firstStep(elsewhere, username);
  await fill(login, { Code: await phone.nextCode() });
  await login.getByLabel('Trust this device').check();
  await press(login, 'Log in');
  await heading(login, `Hello, ${username}`);
  await press(login, 'Log out');
  await heading(login, 'Log in');
  await fill(login, { 'E-mail': username, Password: PASSWORD });
  await press(login, 'Log in');
  await heading(login, `Hello, ${username}`);

  // With a recovery code: a wrong one says so, a used one is gone.
  const lost = await firstStep(here, username);
  await follow(lost, 'Use a recovery code');
  await heading(lost, 'Use a recovery code');
  await fill(lost, { 'Recovery code': 'AAAAA-AAAAA-AAAAA-AAAAA-AAAAA' });
  await press(lost, 'Log in');
  await lost.getByText('This is none of your recovery codes').waitFor();
  await fill(lost, { 'Recovery code': String(recoveryCodes[0]).toLowerCase() });
  await press(lost, 'Log in');
  await heading(lost, `Hello, ${username}`);
  await mailTo(app, username, 'recovery-code-used');
  await follow(lost, 'Security');
  await lost.getByText('Codes left: 9.').waitFor();

  // The trusted device is asked again as soon as the user says so.
  await press(lost, 'Stop trusting Chrome on Linux');
  await notice(lost, 'Chrome on Linux asks for a code again.');
  await press(login, 'Log out');
  await firstStep(elsewhere, username);

  // This login is by a factor, and young: nothing more is asked.
  await press(lost, 'Remove My phone');
  await dialogIn(lost).getByText('This turns the two-step login off').waitFor();
  await dialogIn(lost).getByRole('button', { name: 'Remove' }).click();
  await notice(lost, 'My phone is removed.');
  await lost.getByText('Off. Turn it on').waitFor();
  await mailTo(app, username, 'factor-removed');
  await press(lost, 'Log out');
  await fill(lost, { 'E-mail': username, Password: PASSWORD });
  await press(lost, 'Log in');
  await heading(lost, `Hello, ${username}`);
  expect(errors.list).toEqual([]);
});

test('a login whose second step comes too late begins again', async () => {
  const username = 'mina@example.com';
  const user = await newUser(username);
  const context = await browser.open();
  await logIn(context, app, user);
  const page = await openSecurity(context);
  const { phone } = await enrol(page);
  await press(page, 'Log out');
  const late = await firstStep(await browser.open(), username);
  await late.context().clearCookies();
  await fill(late, { Code: await phone.nextCode() });
  await press(late, 'Log in');
  await heading(late, 'Log in');
  await notice(late, 'That took too long');
});

test('an old login is asked for the proof that will do: any for the address, a factor for the factors', async () => {
  const user = await newUser('olga@example.com');
  const [young, old] = [await browser.open(), await browser.open()];
  await logIn(young, app, user);
  await enrol(await openSecurity(young));
  await logInLongAgo(old, app, user);
  const email = await openView(old, app, '/email');
  await fill(email, { 'New e-mail address': 'olga.new@example.com' });
  await press(email, 'Send a link to it');
  await dialogIn(email).getByRole('button', { name: 'Use the app' }).waitFor();
  await dialogIn(email).getByRole('button', { name: 'Use a recovery code' }).waitFor();
  await dialogIn(email).getByLabel('Password', { exact: true }).fill(PASSWORD);
  await email.keyboard.press('Enter');
  await mailTo(app, 'olga.new@example.com', 'email-change');

  const security = await openSecurity(old);
  await follow(security, 'Add an authenticator app');
  await dialogIn(security).getByLabel('Code', { exact: true }).waitFor();
  await dialogIn(security).getByRole('button', { name: 'Use a recovery code' }).waitFor();
  expect(await dialogIn(security).getByRole('button', { name: 'Use the password' }).count()).toBe(0);
});

test('an old login is asked for a proof once in all tabs, and what the user wanted goes on', async () => {
  const username = 'nora@example.com';
  const user = await newUser(username);
  const context = await browser.open();
  await logInLongAgo(context, app, user);
  const page = await openSecurity(context);
  // Without a factor the password is the proof.
  await follow(page, 'Add an authenticator app');
  await dialogIn(page).getByLabel('Password', { exact: true }).fill('a wrong password');
  await page.keyboard.press('Enter');
  await dialogIn(page).getByText('This is not your current password.').waitFor();
  await dialogIn(page).getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Add an authenticator app');
  await page.goBack();
  await heading(page, 'Security');
  const { phone } = await enrol(page);
  await press(page, 'I have kept them');

  // The enrolment was no login by the factor, so a change asks for a code. Nothing changes if the user doesn't want to.
  const other = await openSecurity(context);
  const wantNewCodes = async () => {
    await press(page, 'Get new codes');
    await dialogIn(page).getByRole('button', { name: 'Get new codes' }).click();
    await dialogIn(page).getByRole('heading', { name: 'Is it you?' }).waitFor();
  };
  await wantNewCodes();
  await page.keyboard.press('Escape');
  await notice(page, 'Nothing was changed');
  await page.getByText('Codes left: 10.').waitFor();

  const sent: string[] = [];
  context.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
  await wantNewCodes();
  const refused = other.waitForResponse((response) => response.url().endsWith('/auth/factors/totp'));
  await follow(other, 'Add an authenticator app');
  await refused;
  await dialogIn(page)
    .getByLabel('Code', { exact: true })
    .fill(await phone.nextCode());
  await page.keyboard.press('Enter');
  await heading(page, 'Recovery codes');
  await heading(other, 'Add an authenticator app');
  expect(await dialogIn(other).count()).toBe(0);
  expect(sent.filter((each) => each === 'POST /auth/reauthenticate')).toHaveLength(1);

  // The session is the same, by a factor now.
  await press(page, 'I have kept them');
  await press(page, 'Remove My phone');
  await dialogIn(page).getByRole('button', { name: 'Remove' }).click();
  await notice(page, 'My phone is removed.');
  expect(await app.sessions.list(user.id)).toHaveLength(1);
});
