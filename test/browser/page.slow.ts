import type { Page } from 'playwright-core';
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

test('a new password replaces the old one', async () => {
  const user = await app.createUser();
  const context = await browser.open();
  await logIn(context, app, user);
  const page = await openView(context, app, '/profile');
  await follow(page, 'Password');
  await fill(page, { 'Current password': 'not my password', 'New password': 'nine lives of a cat' });
  await press(page, 'Change password');
  await page.getByText('This is not your current password.').waitFor();
  expect(await focused(page)).toBe('field-currentPassword');
  await fill(page, { 'Current password': PASSWORD });
  await press(page, 'Change password');
  await notice(page, 'Your password is changed');

  await press(page, 'Log out');
  await heading(page, 'Log in');
  await notice(page, 'You are logged out.');
  await fill(page, { 'E-mail': user.username.toUpperCase(), Password: PASSWORD });
  await press(page, 'Log in');
  await page.getByRole('alert').getByText('E-mail or password is not right.').waitFor();
  await fill(page, { Password: 'nine lives of a cat' });
  await press(page, 'Log in');
  await heading(page, `Hello, ${user.username}`);
});

test('login and navigation work with the keyboard only', async () => {
  const user = await app.createUser();
  const page = await openView(await browser.open(), app, '/login');
  const tab = async () => {
    await page.keyboard.press('Tab');
    return focused(page);
  };
  expect(await tab()).toBe('skip');
  await page.keyboard.press('Enter');
  expect(await focused(page)).toBe('main');
  expect(await tab()).toBe('field-username');
  await page.keyboard.type(user.username);
  await tab();
  await page.keyboard.type(PASSWORD);
  expect(await tab()).toBe('Show password: Password');
  expect(await tab()).toBe('remember');
  await page.keyboard.press('Space');
  expect(await tab()).toBe('Log in');
  await page.keyboard.press('Enter');
  await heading(page, `Hello, ${user.username}`);
  // The third cookie belongs to the offer of passkeys.
  const tokens = (await page.context().cookies()).filter(({ name }) => name.endsWith('Token'));
  expect(tokens).toMatchObject([{ expires: expect.any(Number) }, {}]);

  await press(page, 'Log out'); // below: the requested view is shown after the login
  await heading(page, 'Log in');
  await page.goto(`${app.url}/#/devices`);
  await heading(page, 'Log in');
  await page.getByLabel('E-mail').fill(user.username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await heading(page, 'Devices');
});

test('the page uses the language of the browser, or the one that was chosen', async () => {
  const context = await browser.open({ locale: 'ko-KR' });
  const page = await openView(context, app, '/register');
  await heading(page, '계정 만들기');
  expect(await page.locator('html').getAttribute('lang')).toBe('ko');
  await press(page, '계정 만들기');
  await page.getByText('비워 둘 수 없습니다.').first().waitFor();
  await page.getByLabel('이메일').fill('모르');
  await press(page, 'English');
  await heading(page, 'Create an account');
  expect(await page.getByLabel('E-mail').inputValue()).toBe('모르');
  expect(await focused(page)).toBe('language');

  const asked = page.waitForRequest('**/auth/register');
  await press(page, 'Create account');
  expect((await asked).headers()).toMatchObject({ 'accept-language': 'en' });
  await page.reload();
  await heading(page, 'Create an account');
  expect(await page.title()).toBe('Create an account · passport-visa');
});

describe('the page explains', () => {
  const login = async (page: Page, username: string, password = PASSWORD) => {
    await fill(page, { 'E-mail': username, Password: password });
    await press(page, 'Log in');
  };
  const alert = (page: Page, text: string) => page.getByRole('alert').getByText(text).waitFor();

  test('too many attempts, with the time to wait', async () => {
    const page = await openView(await browser.open(), app, '/login');
    const tooMany = { status: 429, json: { code: 'TOO_MANY_ATTEMPTS', message: '' } };
    for (const [seconds, wait] of [
      ['40', '40 seconds'],
      ['121', '3 minutes'],
    ] as const) {
      const headers = { 'Retry-After': seconds };
      await page.route('**/auth/login', (route) => route.fulfill({ ...tooMany, headers }));
      await login(page, 'ann');
      await alert(page, `Too many attempts. Try again in ${wait}.`);
    }
  });

  test('being offline and an outage, which are no wrong password and no logout', async () => {
    const user = await app.createUser();
    const context = await browser.open();
    const page = await openView(context, app, '/login');
    await context.setOffline(true);
    await login(page, 'ann');
    await alert(page, 'You are offline.');
    await context.setOffline(false);

    const json = { code: 'SERVICE_UNAVAILABLE', message: '' };
    await context.route('**/auth/**', (route) => route.fulfill({ status: 503, json }));
    await press(page, 'Log in');
    await alert(page, 'We have a problem at the moment.');
    await logIn(context, app, user);
    await page.reload();
    await heading(page, 'Not available');
    await context.unroute('**/auth/**');
    await press(page, 'Try again');
    await heading(page, `Hello, ${user.username}`);
  });
});

describe('an admin', () => {
  test('ends a session, disables an account and enables it again', async () => {
    const [admin, user] = [await app.createUser({ roles: ['admin'] }), await app.createUser()];
    const [context, theirs] = [await browser.open(), await browser.open()];
    await logIn(context, app, admin);
    await logIn(theirs, app, user, PHONE);
    await logIn(theirs, app, user, PHONE);
    const page = await openView(context, app, '/admin');
    await fill(page, { 'E-mail': 'nobody' });
    await press(page, 'Find');
    await page.getByText('There is no account of this name.').waitFor();

    await fill(page, { 'E-mail': user.username.toUpperCase() });
    await press(page, 'Find');
    await page.getByRole('heading', { name: user.username }).waitFor();
    await page.getByRole('button', { name: 'Log out Safari on iOS' }).first().click();
    await notice(page, 'Safari on iOS is logged out.');
    expect(await app.sessions.list(user.id)).toHaveLength(1);

    await press(page, 'Disable account');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable account' }).click();
    await notice(page, 'is disabled and logged out everywhere');
    await page.getByText('Not logged in anywhere.').waitFor();
    expect(await app.sessions.list(user.id)).toEqual([]);
    expect(await app.users.findById(user.id)).toMatchObject({ disabled: true });
    await press(page, 'Enable account');
    await notice(page, 'can log in again');
    expect(await app.users.findById(user.id)).toMatchObject({ disabled: false });

    const own = await context.request.patch(`${app.url}/admin/users/${admin.id}`, {
      data: { disabled: true },
    });
    expect([own.status(), await own.json()]).toMatchObject([409, { code: 'OWN_ACCOUNT' }]);
  });

  test('is the only one who may do this', async () => {
    const [user, other] = [await app.createUser(), await app.createUser()];
    const context = await browser.open();
    await logIn(context, app, user);
    const page = await openView(context, app, '/admin');
    await heading(page, `Hello, ${user.username}`);
    expect(await page.getByRole('navigation').getByRole('link').allTextContents()).not.toContain('Accounts');

    const path = `${app.url}/admin/users/${other.id}`;
    const answers = [
      await context.request.get(`${app.url}/admin/users?username=${other.username}`),
      await context.request.patch(path, { data: { disabled: true } }),
      await context.request.delete(`${path}/sessions`),
      await context.request.delete(`${path}/sessions/1`),
    ];
    expect(answers.map((answer) => answer.status())).toEqual([403, 403, 403, 403]);
    expect(await app.users.findById(other.id)).toMatchObject({ disabled: false });
  });
});

test('/ answers a page to browsers and JSON to programs, and tells caches so', async () => {
  const html = await fetch(app.url, { headers: { Accept: 'text/html,*/*;q=0.8' } });
  expect(html.headers.get('content-type')).toMatch(/^text\/html/);
  expect(html.headers.get('vary')).toMatch(/Accept/);
  expect(html.headers.get('content-security-policy')).toBe(
    "default-src 'none';script-src 'self';style-src 'self';connect-src 'self';img-src 'self';form-action 'self';base-uri 'none';frame-ancestors 'none'",
  );
  for (const Accept of ['*/*', 'application/json', 'text/plain']) {
    const json = await fetch(app.url, { headers: { Accept } });
    expect(await json.json()).toMatchObject({ user: null });
    expect(json.headers.get('vary')).toMatch(/Accept/);
  }
});
