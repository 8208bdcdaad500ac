import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page, Route } from 'playwright-core';
import type { StoredUser } from '../../src/index';
import { PASSWORD } from '../helpers/apps/app';
import { useBrowser } from '../helpers/browsers/browser';
import { useExampleApp } from '../helpers/apps/example-app';
import { heading, logIn, notice, openView } from '../helpers/browsers/example-page';

const LIFETIME_SECONDS = 2;
const app = useExampleApp({ ACCESS_TOKEN_EXPIRES_IN: `${LIFETIME_SECONDS}s` });
const browser = useBrowser();

let context: BrowserContext;
let user: StoredUser;
beforeEach(async () => {
  context = await browser.open();
  user = await app.createUser();
});

const tokenExpires = () => sleep((LIFETIME_SECONDS + 1) * 1000);
const goToDevices = (page: Page) => page.getByRole('link', { name: 'Devices', exact: true }).click();

/** Opens a tab on the profile, with an access token that soon expires. */
async function openTab(): Promise<Page> {
  const page = await openView(context, app, '/profile');
  await heading(page, `Hello, ${user.username}`);
  return page;
}

async function generation(): Promise<number | undefined> {
  const [session, ...others] = await app.sessions.list(user.id);
  expect(others).toEqual([]);
  return session?.generation;
}

/** Sends the request to the server and drops the response, which the browser doesn't get. */
async function sendAndDropResponse(route: Route): Promise<void> {
  const { host: _host, ...headers } = await route.request().allHeaders();
  // Not with `route.fetch`, which would put the response's cookies into the browser.
  const names = Object.keys(headers).filter((name) => !name.startsWith(':') && name !== 'content-length');
  const response = await fetch(route.request().url(), {
    method: route.request().method(),
    headers: Object.fromEntries(names.map((name) => [name, headers[name] as string])),
    body: route.request().postData(),
  });
  expect(response.status).toBe(200);
  await response.text();
}

/** Holds refreshes until `count` of them have come. @returns a function that counts all refreshes so far */
async function holdRefreshes(count: number): Promise<() => number> {
  const held: Route[] = [];
  await context.route('**/auth/refresh', async (route) => {
    held.push(route);
    if (held.length === count) await Promise.all(held.map((each) => each.continue()));
    else if (held.length > count) await route.continue();
  });
  return () => held.length;
}

test('two tabs that need a new token at the same moment share one refresh', async () => {
  await logIn(context, app, user);
  const tabs = [await openTab(), await openTab()];
  await tokenExpires();
  const refreshes = await holdRefreshes(1);
  const before = Number(await generation());
  await Promise.all(tabs.map(goToDevices));
  await Promise.all(tabs.map((tab) => heading(tab, 'Devices')));
  // What one tab stores reaches the other a moment later, so on a busy machine the second may refresh too.
  expect([1, 2]).toContain(refreshes());
  expect(Number(await generation()) - before).toBeLessThanOrEqual(refreshes());
});

test('without Web Locks both tabs refresh, and both stay logged in', async () => {
  await context.addInitScript('delete Navigator.prototype.locks');
  await logIn(context, app, user);
  const tabs = [await openTab(), await openTab()];
  expect(await tabs[0]?.evaluate('navigator.locks')).toBeUndefined();
  await tokenExpires();
  const refreshes = await holdRefreshes(2);
  const before = Number(await generation());
  await Promise.all(tabs.map(goToDevices));
  await Promise.all(tabs.map((tab) => heading(tab, 'Devices')));
  expect(refreshes()).toBe(2);
  expect(await generation()).toBe(before + 1); // both got the same successor
});

test('a refresh whose response is lost can be repeated, and the user stays logged in', async () => {
  await logIn(context, app, user);
  const tab = await openTab();
  await tokenExpires();
  const before = Number(await generation());
  let lost = 0;
  await tab.route(
    '**/auth/refresh',
    async (route) => {
      await sendAndDropResponse(route);
      lost += 1;
      await route.abort();
    },
    { times: 1 },
  );
  await goToDevices(tab);
  await heading(tab, 'Not available');
  expect(lost).toBe(1);
  await tab.getByRole('button', { name: 'Try again' }).click();
  await heading(tab, 'Devices');
  expect(await generation()).toBe(before + 1);
});

test('a page that is reloaded while it waits for the response stays logged in', async () => {
  await logIn(context, app, user);
  const tab = await openTab();
  await tokenExpires();
  const before = Number(await generation());
  const reached = new Promise<void>((resolve) => {
    void tab.route('**/auth/refresh', (route) => sendAndDropResponse(route).then(resolve), { times: 1 });
  });
  await goToDevices(tab);
  await reached;
  await tab.reload();
  await heading(tab, 'Devices');
  expect(await generation()).toBe(before + 1);
});

test('a logout in one tab logs out the other, and a login in that one logs both in', async () => {
  await logIn(context, app, user);
  const [one, other] = [await openTab(), await openTab()];
  await one.getByRole('button', { name: 'Log out', exact: true }).click();
  await heading(one, 'Log in');
  await notice(one, 'You are logged out.');
  await heading(other, 'Log in');
  await notice(other, 'You were logged out. Log in to go on.');
  expect(await app.sessions.list(user.id)).toEqual([]);
  // All but the one of the login page, which binds its offer of passkeys to this browser.
  expect((await context.cookies()).filter(({ name }) => name !== 'flowState.passkey')).toEqual([]);

  await other.getByLabel('E-mail').fill(user.username);
  await other.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await other.keyboard.press('Enter');
  await heading(one, `Hello, ${user.username}`);
});
