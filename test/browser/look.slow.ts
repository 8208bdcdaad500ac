import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { StoredUser } from '../../src/index';
import { collectPageErrors, PHONE, useBrowser, type BrowserContext } from '../helpers/browsers/browser';
import { PASSWORD } from '../helpers/apps/app';
import { useExampleApp } from '../helpers/apps/example-app';
import { logIn, mailTo, openView } from '../helpers/browsers/example-page';

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
  forgot: (context) => openView(context, app, '/forgot'),
  sent: async (context) => {
    const page = await openView(context, app, '/register');
    await page.locator('#field-username').fill('maximiliane.mustermann@mail.example.com');
    await page.locator('#field-password').fill(PASSWORD);
    await page.route('**/auth/register', (route) => route.fulfill({ status: 202, json: {} }));
    await page.keyboard.press('Enter');
    await page.locator('.actions').waitFor();
    return page;
  },
  'login-by-mail': (context) => openView(context, app, '/login-by-mail'),
  'login-code': async (context) => {
    const page = await openView(context, app, '/login-code');
    await page.locator('#field-code').fill('000000');
    await page.keyboard.press('Enter');
    await page.locator('[aria-invalid]').waitFor();
    return page;
  },
  reset: async (context) => {
    const page = await openLink(context, '/reset-password');
    await page.locator('#field-newPassword').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.alert:not(:empty)').waitFor();
    return page;
  },
  'reset-done': async (context) => {
    const page = await openLink(context, '/reset-password');
    await page.route('**/auth/password/reset', (route) => route.fulfill({ json: {} }));
    await page.locator('#field-newPassword').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('a.button').waitFor();
    return page;
  },
  verify: (context) => openLink(context, '/verify-email'),
  'verify-password': async (context) => {
    const page = await openLink(context, '/verify-email');
    const json = { code: 'INVALID_CREDENTIALS', message: '' };
    await page.route('**/auth/email/verify', (route) => route.fulfill({ status: 401, json }));
    await page.locator('button[type=submit]').click();
    await page.locator('#field-password').waitFor();
    return page;
  },
  'confirm-email': (context) => openLink(context, '/confirm-email'),
  'undo-email': (context) => openLink(context, '/undo-email'),
  'link-forgotten': async (context) => {
    const page = await openLink(context, '/login-link');
    await page.reload();
    await page.locator('main:not([aria-busy]) h1').waitFor();
    return page;
  },
  email: askedInEmail,
  'email-question': async (context) => {
    await context.route('**/auth/factors', (route) => route.fulfill({ json: FACTORS }));
    return askedInEmail(context);
  },
  'second-step': async (context) => {
    const page = await openView(context, app, '/second-step');
    const json = { code: 'INVALID_SECOND_FACTOR', message: '' };
    await page.route('**/auth/login/second-factor', (route) => route.fulfill({ status: 401, json }));
    await page.locator('#field-code').fill('000000');
    await page.keyboard.press('Enter');
    await page.locator('[aria-invalid]').waitFor();
    return page;
  },
  'recovery-step': async (context) => {
    const page = await openView(context, app, '/recovery-step');
    await page.locator('button[type=submit]').click();
    await page.locator('[aria-invalid]').waitFor();
    return page;
  },
  security: (context) => openMemberView(context, '/security'),
  'security-on': async (context) => {
    await context.route('**/auth/factors', (route) => route.fulfill({ json: FACTORS }));
    await context.route('**/auth/trusted-devices', (route) => route.fulfill({ json: { devices: DEVICES } }));
    await context.route('**/auth/passkeys', (route) => route.fulfill({ json: { passkeys: PASSKEYS } }));
    return openMemberView(context, '/security');
  },
  'security-question': async (context) => {
    await context.route('**/auth/factors', (route) => route.fulfill({ json: FACTORS }));
    await context.route('**/auth/factors/recovery-codes', (route) => route.fulfill(FACTOR_NEEDED));
    const page = await openMemberView(context, '/security');
    await page.getByRole('button', { name: 'Get new codes' }).click();
    await page.locator('dialog[open] .danger').click();
    await page.locator('#proof-code').waitFor();
    return page;
  },
  'second-step-passkey': async (context) => {
    const page = await openView(context, app, '/login');
    const json = { code: 'SECOND_FACTOR_REQUIRED', message: '', factors: ['passkey', 'recovery-code'] };
    await page.route('**/auth/login', (route) => route.fulfill({ status: 401, json }));
    await page.locator('#field-username').fill('ann');
    await page.locator('#field-password').fill('right');
    await page.keyboard.press('Enter');
    await page.locator('#trust').waitFor();
    return page;
  },
  'passkey-question': async (context) => {
    await context.route('**/auth/factors', (route) => route.fulfill({ json: PASSKEY_FACTORS }));
    await context.route('**/auth/passkeys', (route) => route.fulfill({ json: { passkeys: PASSKEYS } }));
    await context.route('**/auth/factors/recovery-codes', (route) => route.fulfill(FACTOR_NEEDED));
    const page = await openMemberView(context, '/security');
    await page.getByRole('button', { name: 'Get new codes' }).click();
    await page.locator('dialog[open] .danger').click();
    await page.locator('.proof').waitFor();
    return page;
  },
  'passkey-name': async (context) => {
    await context.route('**/auth/passkeys', (route) => route.fulfill({ json: { passkeys: PASSKEYS } }));
    const page = await openMemberView(context, '/security');
    await page.getByRole('button', { name: 'Rename Passkey' }).click();
    await page.locator('#dialog-name').waitFor();
    return page;
  },
  authenticator: async (context) => {
    const page = await openMemberView(context, '/authenticator');
    await page.locator('#field-code').fill('000000');
    await page.keyboard.press('Enter');
    await page.locator('[aria-invalid]').waitFor();
    return page;
  },
  'recovery-codes': async (context) => {
    const page = await openMemberView(context, '/authenticator');
    const recoveryCodes = Array(10).fill('K7QXM-2VB4T-OJ5RW-6HNPA-3DYLC');
    await page.route('**/auth/factors/totp/confirm', (route) => route.fulfill({ json: { recoveryCodes } }));
    await page.locator('#field-code').fill('000000');
    await page.keyboard.press('Enter');
    await page.locator('.codes').waitFor();
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

/** The answer to a login that is too old, or too weak, for a change of the factors. */
const FACTOR_NEEDED = {
  status: 401,
  json: { code: 'REAUTHENTICATION_REQUIRED', message: '' },
  headers: { 'WWW-Authenticate': 'Bearer error="insufficient_user_authentication", acr_values="mfa"' },
};
const TIMES = { createdAt: '2026-11-02T08:30:00.000Z', expiresAt: '2026-12-28T08:30:00.000Z' };
const FACTOR = { kind: 'totp', name: 'A phone with a rather long name', createdAt: TIMES.createdAt };
const FACTORS = {
  factors: [
    { ...FACTOR, id: 'one', lastUsedAt: TIMES.createdAt },
    { ...FACTOR, id: 'two', name: null, lastUsedAt: null },
  ],
  recoveryCodesLeft: 9,
};
const PASSKEYS = [
  {
    ...TIMES,
    id: 'three',
    name: 'A laptop with a rather long name',
    lastUsedAt: TIMES.createdAt,
    backedUp: true,
  },
  { ...TIMES, id: 'four', name: null, lastUsedAt: null, backedUp: false },
];
const PASSKEY_FACTORS = {
  factors: [...FACTORS.factors, ...PASSKEYS.map((passkey) => ({ ...passkey, kind: 'passkey' }))],
  recoveryCodesLeft: 9,
};
const DEVICES = [
  { ...TIMES, id: 'one', current: true, name: 'Chrome 142, Windows' },
  { ...TIMES, id: 'two', current: false, name: null },
];

/** The question of a login that is too old for a change of its address. Any proof will do. */
async function askedInEmail(context: BrowserContext): Promise<Page> {
  const page = await openMemberView(context, '/email');
  const json = { code: 'REAUTHENTICATION_REQUIRED', message: '' };
  await page.route('**/auth/email/change', (route) => route.fulfill({ status: 401, json }));
  await page.locator('#field-username').fill('new@example.com');
  await page.keyboard.press('Enter');
  await page.locator('#proof-password').waitFor();
  return page;
}

async function openLink(context: BrowserContext, page: string): Promise<Page> {
  const opened = await context.newPage();
  await opened.goto(`${app.url}${page}#token=${'a'.repeat(32)}`);
  await opened.locator('main:not([aria-busy]) h1').waitFor();
  return opened;
}

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

test('/mails is accessible, and the browser reports no errors', async () => {
  const context = await browser.open({ viewport: WIDE });
  const errors = await collectPageErrors(context);
  const data = { username: admin.username, password: PASSWORD };
  for (const [path, locale, kind, username] of [
    ['/auth/register', 'en', 'verify', 'ida@example.com'],
    ['/auth/register', 'ko', 'verify', 'a.rather.long.name@mail.example.com'],
  ] as const) {
    await context.request.post(app.url + path, {
      data: { ...data, username },
      headers: { 'Accept-Language': locale },
    });
    await mailTo(app, username, kind);
  }
  const page = await context.newPage();
  await page.goto(`${app.url}/mails`);
  await page.evaluate(axe.source);
  await checkLook(page, 'mails-light', { iframes: false });
  await page.emulateMedia({ colorScheme: 'dark' });
  await checkLook(page, 'mails-dark', { iframes: false, runOnly: ['color-contrast'] });
  await page.setViewportSize({ width: 320, height: 640 });
  await checkWidth(page, 'mails-narrow');
  expect(errors.list).toEqual([]);
});

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
