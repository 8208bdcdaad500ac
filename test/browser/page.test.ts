import { PASSWORD } from '../helpers/apps/app';
import { PHONE, useBrowser } from '../helpers/browsers/browser';
import { useExampleApp } from '../helpers/apps/example-app';
import {
  fill,
  focused,
  follow,
  heading,
  logIn,
  notice,
  openView,
  press,
} from '../helpers/browsers/example-page';

const app = useExampleApp();
const browser = useBrowser();

test('an account is created once its name and password are valid', async () => {
  const context = await browser.open();
  const page = await openView(context, app, '/');
  expect(await page.title()).toBe('Log in · passport-visa');

  await follow(page, 'Create an account');
  await heading(page, 'Create an account');
  await press(page, 'Create account');
  await page.getByText('Must not be empty.').first().waitFor();
  expect(await focused(page)).toBe('field-username');

  await fill(page, { Username: 'Zoë', Password: 'short' });
  await press(page, 'Create account');
  await page.getByText('Must be at least 8 characters long.').waitFor();
  expect(await focused(page)).toBe('field-password');
  expect(await page.locator('[aria-invalid=true]').count()).toBe(1);

  await fill(page, { Password: PASSWORD });
  await press(page, 'Create account');
  await heading(page, 'Hello, Zoë');
  expect(await focused(page)).toBe('Hello, Zoë');
  expect(await page.title()).toBe('Profile · passport-visa');
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
