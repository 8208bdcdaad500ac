import type { BrowserContext, Page } from 'playwright-core';
import type { StoredUser } from '../../../src/index';
import type { ExampleApp } from '../apps/example-app';
import { eventually } from '../eventually';

/** Logs a browser in without the login page, by setting the cookies of a new session. */
export async function logIn(
  context: BrowserContext,
  app: ExampleApp,
  user: StoredUser,
  userAgent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
): Promise<void> {
  const cookies = await app.startSession(user, userAgent);
  await context.addCookies(
    cookies.map((cookie) => ({ ...cookie, url: app.url, httpOnly: true, sameSite: 'Strict' })),
  );
}

/** Logs a browser in with a login that is too old, and too weak, for a change of its account. */
export async function logInLongAgo(
  context: BrowserContext,
  app: ExampleApp,
  user: StoredUser,
): Promise<void> {
  const cookies = await app.startOldSession(user);
  await context.addCookies(
    cookies.map((cookie) => ({ ...cookie, url: app.url, httpOnly: true, sameSite: 'Strict' })),
  );
}

export interface ShownMail {
  kind: string;
  to: string;
  url?: string;
  code?: string;
}

/** The newest mail of that kind to that address, which /mails shows. Waits for it. */
export async function mailTo({ url }: ExampleApp, address: string, kind: string): Promise<ShownMail> {
  let found: ShownMail | undefined;
  await eventually(`a mail ${kind} to ${address}`, async () => {
    const mails = (await (await fetch(`${url}/mails`)).json()) as ShownMail[];
    found = mails.find((mail) => mail.kind === kind && mail.to === address);
    return found !== undefined;
  });
  return found as ShownMail;
}

/** Opens a view, and waits for its heading. */
export async function openView(context: BrowserContext, app: ExampleApp, path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${app.url}/#${path}`);
  await page.locator('main:not([aria-busy]) h1').waitFor();
  return page;
}

/** Waits for the heading of a view: `await heading(page, 'Devices')`. */
export async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** Waits for a status message. */
export async function notice(page: Page, text: string): Promise<void> {
  await page.getByRole('status').getByText(text).waitFor();
}

/** The id or the text of the element that has the focus. */
export function focused(page: Page): Promise<string> {
  // A string, because the code runs in the browser, and this program has no types for that.
  return page.evaluate<string>('document.activeElement.id || document.activeElement.textContent');
}

/** Fills fields, by their labels. */
export const fill = async (page: Page, fields: Record<string, string>) => {
  for (const [label, value] of Object.entries(fields))
    await page.getByLabel(label, { exact: true }).fill(value);
};
export const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
export const follow = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();
