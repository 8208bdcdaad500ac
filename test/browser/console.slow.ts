import type { BrowserContext } from 'playwright-core';
import { PASSWORD } from '../helpers/apps/app';
import { useExampleApp } from '../helpers/apps/example-app';
import { useBrowser } from '../helpers/browsers/browser';
import { eventually } from '../helpers/eventually';
import { heading, logIn, mailTo, notice, openView } from '../helpers/browsers/example-page';

const app = useExampleApp();
const browser = useBrowser();

/** Everything that the browser logs: the page's own messages, failed requests, exceptions. */
function consoleOf(context: BrowserContext): string[] {
  const lines: string[] = [];
  context.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
  context.on('weberror', (error) => lines.push(String(error.error())));
  return lines;
}

test.each([
  ['/', 'Log in'],
  ['/login', 'Log in'],
  ['/register', 'Create an account'],
  ['/profile', 'Log in'],
  ['/devices', 'Log in'],
])('the console of a visitor who opens %s stays empty', async (view, title) => {
  const context = await browser.open();
  const lines = consoleOf(context);
  const page = await openView(context, app, view);
  await heading(page, title);
  await page.reload();
  await heading(page, title);
  expect(lines).toEqual([]);
});

test('the console stays empty for a user who registers, opens the page again, logs out and opens it once more', async () => {
  const context = await browser.open();
  const lines = consoleOf(context);
  const page = await openView(context, app, '/register');
  await page.getByLabel('E-mail', { exact: true }).fill('zoe@example.com');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account', exact: true }).click();
  await heading(page, 'Check your mail');
  await page.goto(String((await mailTo(app, 'zoe@example.com', 'verify')).url));
  await page.getByRole('button', { name: 'Confirm and log in', exact: true }).click();
  await heading(page, 'Hello, zoe@example.com');
  await page.reload();
  await heading(page, 'Hello, zoe@example.com');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await notice(page, 'You are logged out.');
  await page.reload();
  await heading(page, 'Log in');
  expect(lines).toEqual([]);
});

test('a user whose access token is no longer good is still logged in when the page opens', async () => {
  const user = await app.createUser();
  const context = await browser.open();
  await logIn(context, app, user);
  await context.addCookies([{ name: 'accessToken', value: 'spoilt', url: app.url }]);
  await heading(await openView(context, app, '/profile'), `Hello, ${user.username}`);
});

test('a user whose session has ended gets the login, and the console stays empty', async () => {
  const user = await app.createUser();
  const context = await browser.open();
  await logIn(context, app, user);
  await app.sessions.revokeAll(user.id);
  const lines = consoleOf(context);
  const page = await openView(context, app, '/profile');
  await heading(page, 'Log in');
  await page.reload();
  await heading(page, 'Log in');
  expect(lines).toEqual([]);
});

test('a user whose session ends while a tab sleeps gets the login when it wakes, and the console stays empty', async () => {
  const user = await app.createUser();
  const context = await browser.open();
  await logIn(context, app, user);
  const lines = consoleOf(context);
  const page = await openView(context, app, '/profile');
  await heading(page, `Hello, ${user.username}`);
  await app.sessions.revokeAll(user.id);
  // The end of the session may reach the example's process a moment later.
  await eventually('the login', async () => {
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    return page.getByRole('heading', { level: 1, name: 'Log in', exact: true }).isVisible();
  });
  expect(lines).toEqual([]);
});
