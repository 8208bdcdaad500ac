import type { Cookie } from 'playwright-core';
import { PASSWORD } from '../helpers/apps/app';
import { useBrowser } from '../helpers/browsers/browser';
import { useExampleApp } from '../helpers/apps/example-app';
import { heading, openView } from '../helpers/browsers/example-page';

const app = useExampleApp({ NODE_ENV: 'production', SMTP_URL: 'smtp://127.0.0.1:9' });
const browser = useBrowser();

const byName = (cookies: Cookie[]) => cookies.sort((a, b) => a.name.localeCompare(b.name));

test('no script sees the tokens, no other site sends them, and they last as long as requested', async () => {
  const { username } = await app.createUser();
  const context = await browser.open();
  const page = await openView(context, app, '/login');
  /** All but the one of the login page, which binds its offer of passkeys to this browser. */
  const sessionCookies = async () =>
    byName(await context.cookies()).filter(({ name }) => name !== 'flowState.passkey');
  const logIn = async (remember: boolean) => {
    await page.getByLabel('E-mail').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Remember me').setChecked(remember);
    await page.keyboard.press('Enter');
    await heading(page, `Hello, ${username}`);
    return sessionCookies();
  };

  const flags = { httpOnly: true, secure: true, sameSite: 'Strict', path: '/', domain: 'localhost' };
  const untilClosed = { ...flags, expires: -1 };
  expect(await logIn(false)).toMatchObject([
    { name: 'accessToken', ...untilClosed },
    { name: 'refreshToken', ...untilClosed },
  ]);
  expect(await page.evaluate('document.cookie')).toBe('');
  // Nor is a token anywhere else: each begins like this.
  expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage])')).not.toContain('eyJ');

  await page.getByRole('button', { name: 'Log out' }).click();
  await heading(page, 'Log in');
  expect(await sessionCookies()).toEqual([]);
  const { httpOnly, secure, sameSite, path, domain } = flags;
  expect((await context.cookies()).filter(({ name }) => name === 'flowState.passkey')).toMatchObject([
    { httpOnly, secure, sameSite, path, domain },
  ]);

  const now = Date.now() / 1000;
  for (const { httpOnly, secure, sameSite, expires } of await logIn(true)) {
    expect({ httpOnly, secure, sameSite }).toEqual({ httpOnly: true, secure: true, sameSite: 'Strict' });
    expect(Math.abs(expires - now - 3 * 3600)).toBeLessThan(60);
  }
});
