import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { StoredUser } from '../../src/index';
import { collectPageErrors, PHONE, useBrowser, type BrowserContext } from '../helpers/browsers/browser';
import { useExampleApp } from '../helpers/apps/example-app';
import { logIn, openView } from '../helpers/browsers/example-page';

/** Written for people to look at, if SCREENSHOTS is set; ignored by git. */
const SCREENSHOTS = path.join(__dirname, 'screenshots');

const app = useExampleApp();
const browser = useBrowser();
let admin: StoredUser;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  admin = await app.createUser({ roles: ['admin'] });
  await app.startSession(admin, PHONE);
  await app.startSession(admin, 'curl/8.5.0');
});

const VIEWS: Record<string, (context: BrowserContext) => Promise<Page>> = {
  login: (context) => openView(context, app, '/login'),
  'login-failed': async (context) => {
    const page = await openView(context, app, '/login');
    const json = { code: 'INVALID_CREDENTIALS', message: '' };
    await page.route('**/auth/login', (route) => route.fulfill({ status: 401, json }));
    await page.locator('#field-username').fill('ann');
    await page.locator('#field-password').fill('wrong');
    await page.keyboard.press('Enter');
    await page.locator('.alert:not(:empty)').waitFor();
    return page;
  },
  register: async (context) => {
    const page = await openView(context, app, '/register');
    await page.locator('button[type=submit]').click();
    await page.locator('[aria-invalid]').first().waitFor();
    return page;
  },
  profile: (context) => openMemberView(context, '/profile'),
  devices: (context) => openMemberView(context, '/devices'),
  'devices-question': async (context) => {
    const page = await openMemberView(context, '/devices');
    await page.locator('.actions .danger').click();
    await page.locator('dialog[open]').waitFor();
    return page;
  },
  password: (context) => openMemberView(context, '/password'),
  admin: async (context) => {
    const page = await openMemberView(context, '/admin');
    const bob = await app.createUser();
    await app.startSession(bob, PHONE);
    await page.locator('#field-username').fill(bob.username);
    await page.keyboard.press('Enter');
    await page.locator('.account').waitFor();
    return page;
  },
};

async function openMemberView(context: BrowserContext, view: string): Promise<Page> {
  await logIn(context, app, admin);
  return openView(context, app, view);
}

const WIDE = { width: 1000, height: 800 };

test.each(Object.entries(VIEWS))(
  '%s is accessible, and the browser reports no errors',
  async (view, open) => {
    const context = await browser.open({ viewport: WIDE });
    const errors = await collectPageErrors(context);
    const page = await open(context);
    // Evaluated, because the page's policy would block a script tag.
    await page.evaluate(axe.source);

    await checkLook(page, `${view}-light`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await checkLook(page, `${view}-dark`, { runOnly: ['color-contrast'] });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 360, height: 740 });
    await checkLook(page, `${view}-narrow`);

    if (!(await page.locator('dialog').isVisible())) {
      await page.locator('#language').click();
      await page.locator('html[lang=ko] main:not([aria-busy])').waitFor();
      await page.setViewportSize({ width: 320, height: 640 });
      await checkWidth(page, `${view}-korean-narrow`);
      await page.setViewportSize(WIDE);
      await checkWidth(page, `${view}-korean`);
    }
    expect(errors.list).toEqual([]);
  },
);

async function checkLook(page: Page, name: string, options: axe.RunOptions = {}): Promise<void> {
  await checkWidth(page, name);
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(options)})`);
  expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
}

/** Takes a screenshot if asked for, and checks that the view doesn't scroll sideways. */
async function checkWidth(page: Page, name: string): Promise<void> {
  const fullPage = !(await page.locator('dialog').isVisible());
  if (process.env.SCREENSHOTS)
    await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage });
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
}
