import axe from 'axe-core';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { MailContent } from '../../src/features/email-account/mails/mail';
import { createMailTexts } from '../../src/features/email-account/mails/mail-texts';
import { renderMail } from '../../src/features/email-account/mails/render';
import { en } from '../../src/features/email-account/mails/texts-en';
import { useBrowser } from '../helpers/browsers/browser';

/** Written for people to look at, if SCREENSHOTS is set; ignored by git. */
const SCREENSHOTS = path.join(__dirname, 'screenshots');
const URL = 'https://app.example.com/reset-password#token=c2VjcmV0LXRva2VuLTI0LWJ5dGVzLW9r';

const browser = useBrowser();

beforeAll(() => void mkdirSync(SCREENSHOTS, { recursive: true }));

function pageOf(kind: string, locale: string, appName: string): string {
  const content = { kind, to: 'ann@example.com', lifetimeSeconds: 900, expiresAt: new Date() };
  const hasLink = en[kind as keyof typeof en].button !== undefined;
  const secret = { ...(hasLink && { url: URL }), ...(kind === 'login-code' && { code: '482915' }) };
  const rendering = { appName, texts: createMailTexts() };
  return renderMail({ ...content, ...secret } as MailContent, locale, rendering).html;
}

/** A page without a network, and what it tried to load. */
async function open(options: { colorScheme: 'light' | 'dark'; width: number }) {
  const { colorScheme, width } = options;
  const context = await browser.open({ colorScheme, viewport: { width, height: 600 } });
  const requests: string[] = [];
  await context.route('**', (route, request) => {
    requests.push(request.url());
    return route.abort();
  });
  return { page: await context.newPage(), requests };
}

const widthBeyond = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth');

test.each(['light', 'dark'] as const)(
  'every mail is accessible in %s, fits into 320 and 600 pixels, and loads nothing',
  async (colorScheme) => {
    const { page, requests } = await open({ colorScheme, width: 600 });
    for (const kind of Object.keys(en)) {
      for (const locale of ['en', 'ko']) {
        const name = `mail-${kind}-${locale}-${colorScheme}`;
        await page.setViewportSize({ width: 600, height: 600 });
        await page.setContent(pageOf(kind, locale, 'app.example.com'));
        await checkWidth(page, `${name}-600`);
        await checkAccess(page, name);
        await page.setViewportSize({ width: 320, height: 600 });
        await checkWidth(page, `${name}-320`);
      }
    }
    expect(requests).toEqual([]);
  },
);

/** Takes a screenshot if asked for, and checks that the mail doesn't scroll sideways. */
async function checkWidth(page: Page, name: string): Promise<void> {
  if (process.env.SCREENSHOTS)
    await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
  expect([name, await widthBeyond(page)]).toEqual([name, 0]);
}

async function checkAccess(page: Page, name: string): Promise<void> {
  await page.evaluate(axe.source);
  // A mail program shows the mail inside a page of its own, which has the landmarks.
  const rules = { region: { enabled: false }, 'landmark-one-main': { enabled: false } };
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify({ rules })})`);
  const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
  expect([name, found]).toEqual([name, []]);
}

test('a long name of the app without a space makes no mail wider than its window', async () => {
  const { page } = await open({ colorScheme: 'light', width: 320 });
  for (const locale of ['en', 'ko']) {
    await page.setContent(pageOf('reset', locale, 'x'.repeat(100)));
    expect(await widthBeyond(page)).toBe(0);
  }
});

test('a code is shown in two groups and copied without a gap', async () => {
  const { page } = await open({ colorScheme: 'light', width: 600 });
  await page.setContent(pageOf('login-code', 'en', 'Shop'));
  const code = `document.querySelector('.code')`;
  expect(await page.evaluate(`getSelection().selectAllChildren(${code}), getSelection().toString()`)).toBe(
    '482915',
  );
  const gap = `(() => {
    const [first, second] = [...${code}.childNodes].map((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return range.getBoundingClientRect();
    });
    return second.left - first.right;
  })()`;
  expect(await page.evaluate(gap)).toBeGreaterThan(5);
});
