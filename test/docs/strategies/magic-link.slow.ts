import { CookieBrowser } from '../../helpers/browsers/cookie-browser';
import { eventually } from '../../helpers/eventually';
import { freePort } from '../../helpers/servers/free-port';
import { postJson } from '../../helpers/post-json';
import { useDocPage } from '../../helpers/snippets';

const page = useDocPage('docs/strategies/magic-link.md');

let app: string;
/** The mails of the app, the latest last. */
const mails: { to: string; link: string }[] = [];

beforeAll(async () => {
  const port = String(await freePort());
  app = `http://127.0.0.1:${port}`;
  page.write(
    'mail.mjs',
    `export async function sendMail(to, link) {
      if (to.startsWith('down@')) throw new Error('connect ECONNREFUSED');
      console.log(JSON.stringify({ to, link }));
    }`,
  );
  const { child } = await page.start('magic-link', { APP_URL: app, PORT: port });
  child.stdout?.on('data', (text: Buffer) => {
    for (const line of String(text).trim().split('\n'))
      mails.push(JSON.parse(line) as { to: string; link: string });
  });
});

async function linkFor(browser: CookieBrowser, email: string, returnTo = '/profile'): Promise<string> {
  mails.length = 0;
  expect((await browser.fetch(`${app}/magic-link`, postJson({ email, returnTo }))).status).toBe(202);
  await eventually('a mail', () => Promise.resolve(mails.length > 0));
  expect(mails).toEqual([{ to: email, link: expect.stringContaining(`${app}/magic-link/`) }]);
  return mails[0]?.link as string;
}

test('the link logs in once, in the browser that asked, even if another browser has opened it before', async () => {
  const browser = new CookieBrowser();
  const link = await linkFor(browser, 'ann@example.com');
  expect((await new CookieBrowser().open(link)).text).toContain('FLOW_STATE_INVALID');
  const { url, text } = await browser.open(link);
  expect(url.href).toBe(`${app}/profile`);
  expect(JSON.parse(text)).toMatchObject({ amr: ['otp'] });
  expect((await browser.open(link)).text).toContain('FLOW_STATE_INVALID');

  const other = new CookieBrowser();
  const again = await other.open(await linkFor(other, 'Ann@Example.com'));
  expect(JSON.parse(again.text)).toMatchObject({ id: (JSON.parse(text) as { id: string }).id });
});

test('after five mails in an hour the app answers 429', async () => {
  const browser = new CookieBrowser();
  for (let mail = 0; mail < 5; mail += 1) await linkFor(browser, 'bob@example.com');
  const sixth = await browser.fetch(`${app}/magic-link`, postJson({ email: 'BOB@example.com' }));
  expect([sixth.status, Number(sixth.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
});

test('while the mail server is down the app answers 503, without a stack', async () => {
  const response = await new CookieBrowser().fetch(
    `${app}/magic-link`,
    postJson({ email: 'down@example.com' }),
  );
  expect([response.status, await response.json()]).toEqual([
    503,
    expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }),
  ]);
});

test('a made-up link is refused', async () => {
  const { status, text } = await new CookieBrowser().open(`${app}/magic-link/made-up`);
  expect([status, text]).toEqual([400, expect.stringContaining('FLOW_STATE_INVALID')]);
});

test.each([undefined, 5, '', 'no address', 'a@b c', { a: 1 }])('%j is no address: 400', async (email) => {
  const response = await new CookieBrowser().fetch(`${app}/magic-link`, postJson({ email }));
  expect([response.status, await response.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'VALIDATION_FAILED' }),
  ]);
});

test('a returnTo to another site leads to the start page', async () => {
  const browser = new CookieBrowser();
  const { url } = await browser.open(await linkFor(browser, 'cleo@example.com', 'https://evil.example/'));
  expect(url.href).toBe(`${app}/`);
});
