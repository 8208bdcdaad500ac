import { PASSWORD } from '../helpers/apps/app';
import { collectPageErrors, useBrowser, type BrowserContext, type Page } from '../helpers/browsers/browser';
import { useExampleApp } from '../helpers/apps/example-app';
import {
  fill,
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
const NEW_PASSWORD = 'nine lives of a cat';

/** Opens a link in a new tab, as a mail program does, and waits for the heading of its page. */
async function openLink(context: BrowserContext, url: string | undefined, title: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(String(url));
  await heading(page, title);
  expect(page.url()).not.toContain('token');
  expect(await page.evaluate('document.referrer + JSON.stringify(history.state)')).toBe('null');
  return page;
}

async function register(context: BrowserContext, address: string): Promise<string | undefined> {
  const page = await openView(context, app, '/register');
  await fill(page, { 'E-mail': address, Password: PASSWORD });
  await press(page, 'Create account');
  await heading(page, 'Check your mail');
  return (await mailTo(app, address, 'verify')).url;
}

const failed = (page: Page, text: string) => page.getByRole('alert').getByText(text).waitFor();

test('a registration is finished in another browser with its password', async () => {
  const address = 'ann@example.com';
  const first = await register(await browser.open(), address);
  const elsewhere = await browser.open();
  const errors = await collectPageErrors(elsewhere);
  const page = await openLink(elsewhere, first, 'Confirm your address');
  await press(page, 'Confirm and log in');
  await page.getByText('You registered in another browser.').waitFor();
  await fill(page, { Password: 'a wrong password' });
  await press(page, 'Confirm and log in');
  await page.getByText('This is not the password of the registration.').waitFor();
  await fill(page, { Password: PASSWORD });
  await press(page, 'Confirm and log in');
  await heading(page, `Hello, ${address}`);
  expect(errors.list).toEqual([]);

  // A taken address is answered like a new one.
  const again = await openView(await browser.open(), app, '/register');
  await fill(again, { 'E-mail': address, Password: NEW_PASSWORD });
  await press(again, 'Create account');
  await heading(again, 'Check your mail');
  await mailTo(app, address, 'already-registered');
});

test('a registration is mailed again to the browser that registered, and only the newest link is good', async () => {
  const address = 'ben@example.com';
  const context = await browser.open();
  const page = await openView(context, app, '/register');
  await fill(page, { 'E-mail': address, Password: PASSWORD });
  await press(page, 'Create account');
  const { url: first } = await mailTo(app, address, 'verify');
  await press(page, 'Send it again');
  await notice(page, 'Another mail is on its way.');
  let second = first;
  while (second === first) second = (await mailTo(app, address, 'verify')).url;
  const outrun = await openLink(context, first, 'Confirm your address');
  await press(outrun, 'Confirm and log in');
  await failed(outrun, 'This link is not valid here');
  const tab = await openLink(context, second, 'Confirm your address');
  await press(tab, 'Confirm and log in');
  await heading(tab, `Hello, ${address}`);
});

test('a forgotten password is replaced once, and a second tab says so', async () => {
  const address = 'cleo@example.com';
  const user = await app.createUser({ username: address });
  const [device, context] = [await browser.open(), await browser.open()];
  await logIn(device, app, user);
  const page = await openView(context, app, '/login');
  await follow(page, 'Forgot your password?');
  await heading(page, 'Forgot your password?');
  await fill(page, { 'E-mail': address });
  await press(page, 'Send the link');
  await heading(page, 'Check your mail');

  const { url } = await mailTo(app, address, 'reset');
  const [first, second] = [
    await openLink(context, url, 'Choose a new password'),
    await openLink(context, url, 'Choose a new password'),
  ];
  await fill(first, { 'New password': 'short' });
  await press(first, 'Set the password');
  await first.getByText('Must be at least 8 characters long.').waitFor();
  const sent: string[] = [];
  context.on('request', (request) => sent.push(new URL(request.url()).pathname));
  const tabs = [first, second];
  for (const tab of tabs) await fill(tab, { 'New password': NEW_PASSWORD });
  await Promise.all(tabs.map((tab) => press(tab, 'Set the password')));
  for (const tab of tabs) await heading(tab, 'Your password is set');
  const texts = await Promise.all(tabs.map((tab) => tab.locator('main .lead').textContent()));
  expect(texts.sort()).toEqual([
    'Log in with your new password.',
    'You have used this link already. Log in with the password that you chose then.',
  ]);
  expect(sent.filter((path) => path === '/auth/password/reset')).toHaveLength(1);
  expect(await app.sessions.list(user.id)).toEqual([]);
  await press(second, '한국어');
  await heading(second, '비밀번호를 변경했습니다');
  await press(second, 'English');

  const reused = await openLink(await browser.open(), url, 'Choose a new password');
  await fill(reused, { 'New password': 'yet another password' });
  await press(reused, 'Set the password');
  await failed(reused, 'This link is not valid here');

  await first.reload();
  await follow(first, 'Ask for a new link');
  await follow(first, 'Back to the login');
  await heading(first, 'Log in');
  await fill(first, { 'E-mail': address, Password: NEW_PASSWORD });
  await press(first, 'Log in');
  await heading(first, `Hello, ${address}`);
});

test('a link and a code log in the browser that asked, and the link waits for it elsewhere', async () => {
  const address = 'dan@example.com';
  await app.createUser({ username: address });
  const context = await browser.open();
  const page = await openView(context, app, '/login');
  await follow(page, 'Log in by mail');
  await heading(page, 'Log in by mail');
  await fill(page, { 'E-mail': address });
  await press(page, 'Send me a link');
  await heading(page, 'Check your mail');
  const { url } = await mailTo(app, address, 'login-link');
  const elsewhere = await openLink(await browser.open(), url, 'Log in');
  await press(elsewhere, 'Log in');
  await failed(elsewhere, 'This link is not valid here');
  const tab = await openLink(context, url, 'Log in');
  await press(tab, 'Log in');
  await heading(tab, `Hello, ${address}`);
  await heading(page, `Hello, ${address}`);
  await tab.reload();
  await heading(tab, `Hello, ${address}`);

  const other = await openView(await browser.open(), app, '/login-by-mail');
  await fill(other, { 'E-mail': address });
  await press(other, 'Send me a code');
  await heading(other, 'Enter the code');
  const { code = '' } = await mailTo(app, address, 'login-code');
  await fill(other, { Code: code === '000000' ? '111111' : '000000' });
  await press(other, 'Log in');
  await other.getByText('This code is not right').waitFor();
  await fill(other, { Code: code });
  await press(other, 'Log in');
  await heading(other, `Hello, ${address}`);
});

test('a page of a link that was reloaded asks to open the link again', async () => {
  const address = 'finn@example.com';
  const context = await browser.open();
  const url = await register(context, address);
  const page = await openLink(context, url, 'Confirm your address');
  await page.reload();
  await heading(page, 'Open the link again');
  const again = await openLink(context, url, 'Confirm your address');
  await press(again, 'Confirm and log in');
  await heading(again, `Hello, ${address}`);
});

test('an address is changed at the new one, and put back from the old one', async () => {
  const [old, next] = ['eva@example.com', 'eva@new.example'];
  const user = await app.createUser({ username: old });
  const context = await browser.open();
  await logIn(context, app, user);
  const page = await openView(context, app, '/email');
  await fill(page, { 'New e-mail address': next });
  await press(page, 'Send a link to it');
  await page.getByText(`We have sent a link to ${next}.`).waitFor();
  const { url } = await mailTo(app, next, 'email-change');
  // Elsewhere only the user can do it, by a login.
  const elsewhere = await openLink(await browser.open(), url, 'Log in');
  await elsewhere.getByText('log in first, with the address that you have had so far').waitFor();
  const other = await browser.open();
  await logIn(other, app, await app.createUser({ username: 'other@example.com' }));
  const wrong = await openLink(other, url, 'Change your address');
  await wrong.getByText('You are logged in as other@example.com.').waitFor();
  await press(wrong, 'Change the address');
  await wrong.getByText('belongs to another browser or account').waitFor();
  const confirm = await openLink(context, url, 'Change your address');
  await press(confirm, 'Change the address');
  await heading(confirm, 'Your address is changed');
  await follow(confirm, 'Continue');
  await heading(confirm, `Hello, ${next}`);

  const thief = await openLink(
    await browser.open(),
    (await mailTo(app, old, 'email-changed')).url,
    'Put your old address back',
  );
  await press(thief, 'Put it back');
  await heading(thief, 'Your old address is back');
  expect(await app.sessions.list(user.id)).toEqual([]);
  await mailTo(app, old, 'reset');
  expect(await app.users.findByUsername(old)).toMatchObject({ id: user.id });
});

describe('/mails', () => {
  test('shows mails in frames that run nothing, whose links open the page of the link', async () => {
    const context = await browser.open();
    const errors = await collectPageErrors(context);
    await register(context, 'gus@example.com');
    const page = await context.newPage();
    await page.goto(`${app.url}/mails`);
    const frame = page.locator('iframe').first();
    expect(await frame.getAttribute('sandbox')).toBe('allow-top-navigation-by-user-activation');
    await frame.contentFrame().getByRole('link').first().click();
    await heading(page, 'Confirm your address');
    await press(page, 'Confirm and log in');
    await heading(page, 'Hello, gus@example.com');
    expect(errors.list).toEqual([]);
  });

  test.each<[why: string, headers: Record<string, string>]>([
    ['came through a proxy', { 'X-Forwarded-For': '203.0.113.1' }],
    ['names another host', { Host: 'mails.example.com' }],
  ])('does not exist for a request that %s', async (_why, headers) => {
    const context = await browser.open();
    const answer = await context.request.get(`${app.url}/mails`, { headers });
    expect([answer.status(), await answer.json()]).toMatchObject([404, { code: 'NOT_FOUND' }]);
  });
});
