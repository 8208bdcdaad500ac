import { CookieBrowser } from '../../helpers/browsers/cookie-browser';
import { freePort } from '../../helpers/servers/free-port';
import { samlProvider } from '../../helpers/providers/saml-provider';
import { useDocPage } from '../../helpers/snippets';

// With really signed responses, which node-saml really verifies.
const page = useDocPage('docs/strategies/saml.md');
let app: string;

beforeAll(async () => {
  const port = String(await freePort());
  app = `http://127.0.0.1:${port}`;
  await page.start('saml', {
    IDP_URL: 'https://idp.example.com/sso',
    IDP_CERT: samlProvider.publicKey,
    IDP_ISSUER: samlProvider.issuer,
    APP_URL: app,
    PORT: port,
  });
});

/** Starts a login. @returns where the app sends the browser */
async function begin(browser: CookieBrowser, returnTo = '/profile'): Promise<string> {
  const response = await browser.fetch(`${app}/saml/login?returnTo=${returnTo}`);
  expect(response.status).toBe(302);
  return response.headers.get('location') as string;
}
const post = (browser: CookieBrowser, body: URLSearchParams) =>
  browser.fetch(`${app}/saml/callback`, { method: 'POST', body });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

test('a signed response starts a session, on the requested page', async () => {
  const browser = new CookieBrowser();
  const response = await post(browser, samlProvider.answer(await begin(browser), 'ann'));
  expect([response.status, response.headers.get('location')]).toEqual([303, '/profile']);
  const { id } = (await (await browser.fetch(`${app}/profile`)).json()) as { id: string };

  const again = new CookieBrowser();
  await post(again, samlProvider.answer(await begin(again), 'ann'));
  expect(await (await again.fetch(`${app}/profile`)).json()).toMatchObject({ id });
});

test('a response works once, and only in the browser that asked for it', async () => {
  const browser = new CookieBrowser();
  const answer = samlProvider.answer(await begin(browser), 'bob');
  expect(await codeOf(await post(new CookieBrowser(), answer))).toBe('FLOW_STATE_INVALID');
  expect((await post(browser, answer)).status).toBe(303);
  expect(await codeOf(await post(browser, answer))).toBe('FLOW_STATE_INVALID');
});

test('a response is also refused in another flow of the same browser', async () => {
  const browser = new CookieBrowser();
  const answer = samlProvider.answer(await begin(browser), 'cleo');
  expect((await post(browser, answer)).status).toBe(303);
  answer.set('RelayState', new URL(await begin(browser)).searchParams.get('RelayState') as string);
  expect(await codeOf(await post(browser, answer))).toBe('FLOW_STATE_INVALID');
});

test.each([
  ['without a signature', { signed: false }],
  ['to a request that was never made', { inResponseTo: '_1' }],
])('a response %s is refused: 401', async (_what, changes) => {
  const browser = new CookieBrowser();
  const response = await post(browser, samlProvider.answer(await begin(browser), 'eve', changes));
  expect([response.status, await codeOf(response)]).toEqual([401, 'INVALID_CREDENTIALS']);
  expect((await browser.fetch(`${app}/profile`)).status).toBe(401);
});

test('a returnTo to another site leads to the start page', async () => {
  const browser = new CookieBrowser();
  const response = await post(browser, samlProvider.answer(await begin(browser, '//evil.example'), 'ann'));
  expect(response.headers.get('location')).toBe('/');
});
