import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CookieBrowser } from '../../helpers/browsers/cookie-browser';
import { postJson } from '../../helpers/post-json';
import { samlProvider } from '../../helpers/providers/saml-provider';
import { freePort } from '../../helpers/servers/free-port';
import { useDocPage } from '../../helpers/snippets';
import { within } from '../../helpers/within';

/** What a stranger sends to a recipe, and what the other side may do: each answer is a kind one, without a stack. */
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const HUGE = 'x'.repeat(300_000);
const LONG_PATH = `/${'x'.repeat(4000)}`;

/** @returns status and body of an answer, which never shows a stack */
async function answerOf(response: Response) {
  const text = await response.text();
  expect(text).not.toMatch(/\n\s+at |node_modules|&nbsp;at /);
  return { status: response.status, text, location: response.headers.get('location') };
}
const codeOf = async (response: Response) => {
  const { status, text } = await answerOf(response);
  return [status, (JSON.parse(text) as { code?: string }).code];
};

describe('OpenID Connect', () => {
  const page = useDocPage('docs/strategies/openid-connect.md');
  let provider: Server;
  let listener: RequestListener;
  let app: string;
  beforeAll(async () => {
    provider = createServer((req, res) => listener(req, res)).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    const port = String(await freePort());
    app = `http://127.0.0.1:${port}`;
    const ISSUER = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    await page.start('oidc', { ISSUER, CLIENT_ID: 'a', CLIENT_SECRET: 'b', APP_URL: app, PORT: port });
  });
  afterAll(() => {
    provider.closeAllConnections();
    provider.close();
  });

  /** Begins a login. @returns what the callback answers to a code */
  async function comeBack(query = '') {
    const browser = new CookieBrowser();
    const begin = await browser.fetch(`${app}/oidc/login`, { redirect: 'manual' });
    const at = new URL(begin.headers.get('location') as string).searchParams;
    nonce = at.get('nonce') as string;
    const callback = `${app}/oidc/callback?code=any&state=${at.get('state')}${query}`;
    return answerOf(await browser.fetch(callback, { redirect: 'manual' }));
  }
  let nonce = '';
  const idToken = (claims: unknown) => `e.${Buffer.from(JSON.stringify(claims)).toString('base64')}.s`;
  const goodClaims = () => {
    const now = Math.floor(Date.now() / 1000);
    const iss = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    return { iss, sub: 'ann', aud: 'a', exp: now + 60, iat: now, nonce };
  };
  const tokens = (claims: unknown) => JSON.stringify({ access_token: 'x', id_token: idToken(claims) });

  test.each<[string, RequestListener]>([
    ['never answers', () => undefined],
    ['begins an answer and never ends it', (_req, res) => void res.writeHead(200).write('{')],
    ['ends the connection in the middle', (_req, res) => void res.write('{', () => res.destroy())],
    ['answers 500', (_req, res) => void res.writeHead(500).end('<h1>Sorry</h1>')],
    ['answers with a page', (_req, res) => void res.end('<h1>Welcome</h1>')],
    ['sends an ID token that is none', (_req, res) => void res.end('{"id_token":5}')],
    ['sends an ID token without claims', (_req, res) => void res.end(tokens(null))],
    [
      'sends a page for the user info',
      ({ url }, res) => void res.end(url?.startsWith('/token') ? tokens(goodClaims()) : '<h1>Welcome</h1>'),
    ],
    [
      'never sends the user info',
      ({ url }, res) => void (url?.startsWith('/token') && res.end(tokens(goodClaims()))),
    ],
  ])('a provider that %s: 503 in time, and the app goes on', async (_what, answer) => {
    listener = answer;
    const { status, text } = await within(20_000, comeBack);
    expect([status, JSON.parse(text)]).toEqual([
      503,
      expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }),
    ]);
    expect((await fetch(`${app}/profile`)).status).toBe(401);
  });

  test('a code of which the provider knows nothing, and an error beside a code, are failed logins', async () => {
    listener = (_req, res) => void res.writeHead(400).end('{"error":"invalid_grant"}');
    const failed = { status: 302, location: '/?login=failed' };
    expect(await comeBack()).toMatchObject(failed);
    expect(await comeBack('&error=made_up')).toMatchObject(failed);
    expect(await comeBack('&code=twice')).toMatchObject(failed);
  });

  test.each([
    ['a long returnTo', `returnTo=${LONG_PATH}`],
    ['two returnTo', 'returnTo=a&returnTo=b'],
    ['an object as returnTo', 'returnTo[a]=b'],
  ])('a login with %s begins', async (_what, query) => {
    const answer = await answerOf(await fetch(`${app}/oidc/login?${query}`, { redirect: 'manual' }));
    expect(answer.status).toBe(302);
  });
});

describe('SAML', () => {
  const page = useDocPage('docs/strategies/saml.md');
  let app: string;
  beforeAll(async () => {
    const port = String(await freePort());
    app = `http://127.0.0.1:${port}`;
    const { publicKey: IDP_CERT, issuer: IDP_ISSUER } = samlProvider;
    const IDP_URL = 'https://idp.example.com/sso';
    await page.start('saml', { IDP_URL, IDP_CERT, IDP_ISSUER, APP_URL: app, PORT: port });
  });

  test.each<[string, number, RequestInit]>([
    ['no body', 400, {}],
    ['a body of another type', 400, postJson({ RelayState: 'x', SAMLResponse: 'x' })],
    ['a made-up RelayState', 400, { body: 'RelayState=made-up&SAMLResponse=x', headers: FORM }],
    ['two of each', 400, { body: 'RelayState=a&RelayState=b&SAMLResponse=x', headers: FORM }],
    ['a body that is too large', 413, { body: `SAMLResponse=${HUGE}`, headers: FORM }],
  ])('a callback with %s is %i', async (_what, status, init) => {
    const [found, code] = await codeOf(await fetch(`${app}/saml/callback`, { method: 'POST', ...init }));
    expect([found, code]).toEqual([status, expect.any(String)]);
  });

  test.each(['', 'SAMLResponse=', 'SAMLResponse=made-up', 'SAMLResponse=a&SAMLResponse=b', 'SAMLRequest=x'])(
    'a callback in a begun login with "%s" is 401',
    async (body) => {
      const browser = new CookieBrowser();
      const begin = await browser.fetch(`${app}/saml/login?returnTo=${LONG_PATH}`, { redirect: 'manual' });
      expect(begin.status).toBe(302);
      const RelayState = new URL(begin.headers.get('location') as string).searchParams.get('RelayState');
      const init = { method: 'POST', headers: FORM, body: `RelayState=${RelayState}&${body}` };
      expect(await codeOf(await browser.fetch(`${app}/saml/callback`, init))).toEqual([
        401,
        'INVALID_CREDENTIALS',
      ]);
    },
  );
});
