import { PASSWORD } from '../helpers/apps/app';
import { useExampleApp } from '../helpers/apps/example-app';
import { collectPageErrors, useBrowser, type BrowserContext, type Page } from '../helpers/browsers/browser';
import {
  fill,
  focused,
  heading,
  logIn,
  logInLongAgo,
  notice,
  openView,
  press,
} from '../helpers/browsers/example-page';
import { addAuthenticator } from '../helpers/browsers/virtual-authenticator';
import { eventually } from '../helpers/eventually';

// The page of the example, in Chromium with a virtual authenticator.
const app = useExampleApp();
const browser = useBrowser();

interface Device {
  readonly page: Page;
  /** How many passkeys it has. */
  readonly count: () => Promise<number>;
  /** Whether its user touches it when it asks. */
  readonly touch: (isTouched: boolean) => Promise<unknown>;
}

async function openOnDevice(context: BrowserContext, path: string): Promise<Device> {
  const page = await openView(context, app, path);
  const { session, authenticatorId } = await addAuthenticator(page);
  return {
    page,
    count: async () =>
      (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
    touch: (enabled) => session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }),
  };
}

const dialogIn = (page: Page) => page.getByRole('dialog');

test('a passkey is added, named, logs in from the list, proves the second step, and is removed', async () => {
  const username = 'pia@example.com';
  const user = await app.createUser({ username });
  const context = await browser.open();
  const errors = await collectPageErrors(context);
  await logIn(context, app, user);
  const { page, count, touch } = await openOnDevice(context, '/security');
  await press(page, 'Add a passkey');
  await heading(page, 'Recovery codes');
  expect(await page.locator('.codes code').count()).toBe(10);
  await press(page, 'I have kept them');
  await heading(page, 'Security');

  // By keyboard, and back to where the user was.
  await page.getByRole('button', { name: 'Rename Passkey' }).focus();
  await page.keyboard.press('Enter');
  await dialogIn(page).getByLabel('Name').waitFor();
  expect(await focused(page)).toBe('dialog-name');
  await page.keyboard.type('My laptop');
  await page.keyboard.press('Enter');
  await notice(page, 'The passkey has its new name.');
  await page.getByRole('heading', { level: 3, name: 'My laptop' }).waitFor();

  // The list of the name field offers it, and the virtual authenticator picks it as soon as the list is open.
  const loggedIn = page.waitForResponse((response) => response.url().endsWith('/auth/login/passkey'));
  await press(page, 'Log out');
  expect((await loggedIn).status()).toBe(200);
  await heading(page, `Hello, ${username}`);

  // The password alone is not enough any more.
  await touch(false);
  await press(page, 'Log out');
  await heading(page, 'Log in');
  expect(await page.locator('#field-username').getAttribute('autocomplete')).toBe('username webauthn');
  await fill(page, { 'E-mail': username, Password: PASSWORD });
  await press(page, 'Log in');
  await heading(page, 'Two-step login');
  expect(await page.locator('#field-code').count()).toBe(0);
  await touch(true);
  await press(page, 'Use a passkey');
  await heading(page, `Hello, ${username}`);

  await page.getByRole('link', { name: 'Security', exact: true }).click();
  await press(page, 'Remove My laptop');
  await dialogIn(page).getByText('This turns the two-step login off').waitFor();
  await dialogIn(page).getByRole('button', { name: 'Remove' }).click();
  await notice(page, 'My laptop is removed.');
  await page.getByText('Off. Turn it on').waitFor();
  // The browser knows it too: signalUnknownCredential.
  await eventually('the device has forgotten the passkey', async () => (await count()) === 0);
  expect(errors.list).toEqual([]);
});

test('the button logs in, and an old login proves itself with the passkey', async () => {
  const user = await app.createUser({ username: 'quinn@example.com' });
  const context = await browser.open();
  await logInLongAgo(context, app, user);
  const { page, touch } = await openOnDevice(context, '/security');
  // Without a factor the password is the proof.
  await press(page, 'Add a passkey');
  await dialogIn(page).getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Recovery codes');
  await press(page, 'I have kept them');

  // The password was no proof by a factor, so a change asks for the passkey.
  await press(page, 'Get new codes');
  await dialogIn(page).getByRole('button', { name: 'Get new codes' }).click();
  await dialogIn(page).getByRole('heading', { name: 'Is it you?' }).waitFor();
  await dialogIn(page).getByRole('button', { name: 'Use a passkey' }).click();
  await heading(page, 'Recovery codes');
  await press(page, 'I have kept them');
  // This device has one already.
  await press(page, 'Add a passkey');
  await notice(page, 'This device has a passkey of your account already.');

  await touch(false);
  await page.evaluate(`(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    globalThis.requests = 0;
    navigator.credentials.get = (options) => ((globalThis.requests += 1), get(options));
  })()`);
  await press(page, 'Log out');
  await heading(page, 'Log in');
  await page.getByLabel('Remember me').check();
  // The list of the page, and that of the box. Only requests from now on are touched.
  await page.waitForFunction('globalThis.requests === 2');
  await touch(true);
  await press(page, 'Log in with a passkey');
  await heading(page, `Hello, ${user.username}`);
  const cookies = await context.cookies();
  expect(cookies.filter(({ expires }) => expires === -1)).toEqual([]);
});
