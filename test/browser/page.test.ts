import { PASSWORD } from '../helpers/apps/app';
import { PHONE, useBrowser } from '../helpers/browsers/browser';
import { useExampleApp } from '../helpers/apps/example-app';
import {
  fill,
  focused,
  follow,
  heading,
  logIn,
  mailTo,
  notice,
  openView,
  press,
} from '../helpers/browsers/example-page';

const app = useExampleApp();
const browser = useBrowser();

test('an account begins with the link of a mail, whose token stays in no address and no second request', async () => {
  const context = await browser.open();
  const page = await openView(context, app, '/');
  expect(await page.title()).toBe('Log in · passport-visa');

  await follow(page, 'Create an account');
  await heading(page, 'Create an account');
  await press(page, 'Create account');
  await page.getByText('Must not be empty.').first().waitFor();
  expect(await focused(page)).toBe('field-username');

  await fill(page, { 'E-mail': 'zoe@example.com', Password: 'short' });
  await press(page, 'Create account');
  await page.getByText('Must be at least 8 characters long.').waitFor();
  expect(await focused(page)).toBe('field-password');
  expect(await page.locator('[aria-invalid=true]').count()).toBe(1);

  await fill(page, { Password: PASSWORD });
  await press(page, 'Create account');
  await heading(page, 'Check your mail');
  const { url = '' } = await mailTo(app, 'zoe@example.com', 'verify');
  expect(url).toMatch(new RegExp(`^${app.url}/verify-email#token=[\\w-]{32}$`));

  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const tab of [first, second]) {
    await tab.goto(url);
    await heading(tab, 'Confirm your address');
    expect(tab.url()).toBe(`${app.url}/#/verify`);
  }
  const sent: string[] = [];
  context.on('request', (request) => sent.push(request.url()));
  await first.getByRole('button', { name: 'Confirm and log in' }).dblclick();
  await heading(first, 'Hello, zoe@example.com');
  expect(await focused(first)).toBe('Hello, zoe@example.com');
  expect(await first.title()).toBe('Profile · passport-visa');
  // The other tab has followed the login, or is about to.
  await heading(second, 'Hello, zoe@example.com');
  expect(sent.filter((address) => address.endsWith('/auth/email/verify'))).toHaveLength(1);
  expect(sent.filter((address) => address.includes('token'))).toEqual([]);
});

test('the list of devices logs out one device, then all', async () => {
  const user = await app.createUser();
  const [here, phone] = [await browser.open(), await browser.open()];
  await logIn(phone, app, user, PHONE);
  await logIn(here, app, user);
  const page = await openView(here, app, '/devices');
  const devices = page.locator('.device');
  expect(await devices.locator('h2').allTextContents()).toEqual([
    'Chrome on LinuxThis device',
    'Safari on iOS',
  ]);

  const onPhone = await openView(phone, app, '/profile');
  await press(page, 'Log out Safari on iOS');
  await notice(page, 'Safari on iOS is logged out.');
  await devices.nth(1).waitFor({ state: 'detached' });
  await follow(onPhone, 'Devices');
  await heading(onPhone, 'Log in');
  await notice(onPhone, 'You were logged out.');

  await logIn(phone, app, user, PHONE);
  await page.reload();
  await press(page, 'Log out everywhere');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  expect(await focused(page)).toBe('Log out everywhere');
  await press(page, 'Log out everywhere');
  await page.getByRole('dialog').getByRole('button', { name: 'Log out everywhere' }).click();
  await heading(page, 'Log in');
  expect(await app.sessions.list(user.id)).toEqual([]);
});
