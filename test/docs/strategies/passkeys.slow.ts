import { PASSWORD } from '../../helpers/apps/app';
import { useBrowser, type BrowserContext, type Page } from '../../helpers/browsers/browser';
import { freePort } from '../../helpers/servers/free-port';
import { useDocPage } from '../../helpers/snippets';

// In Chromium with a virtual authenticator.
const page = useDocPage('docs/strategies/passkeys.md');
const chromium = useBrowser();
let app: string;

beforeAll(async () => {
  const port = String(await freePort());
  app = `http://localhost:${port}`; // a passkey needs a host name: it can't belong to an IP address
  await page.start('passkeys', { APP_URL: app, PORT: port });
});

interface Answer {
  status: number;
  body: { code?: string; amr?: string[]; id?: string; state?: string; response?: object };
}

/** A tab of the app, with a security key that agrees to everything. */
async function openTab(context: BrowserContext): Promise<Page> {
  const tab = await context.newPage();
  const session = await context.newCDPSession(tab);
  await session.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const;
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...options, hasUserVerification: true, isUserVerified: true },
  });
  await tab.goto(`${app}/profile`); // not a missing page: the policy of Express's 404 page blocks fetch
  const functions = 'post, registerPasskey, logInWithPasskey';
  const code = page.snippet('passkeys-page').replaceAll('export ', '');
  await tab.evaluate(`${code}; Object.assign(globalThis, { ${functions} })`);
  return tab;
}

const call = (tab: Page, path: string, body?: object): Promise<Answer> =>
  tab.evaluate(
    `fetch(${JSON.stringify(path)}, ${body ? `{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: ${JSON.stringify(JSON.stringify(body))} }` : '{}'})
      .then(async (response) => ({ status: response.status, body: await response.json() }))`,
  );

async function loggedInTab(username: string): Promise<Page> {
  const tab = await openTab(await chromium.open());
  await call(tab, '/auth/register', { username, password: PASSWORD });
  expect((await call(tab, '/auth/login', { username, password: PASSWORD })).status).toBe(200);
  return tab;
}

test('a registered passkey logs in without a username', async () => {
  const tab = await loggedInTab('ann');
  const before = await call(tab, '/profile');
  expect(await tab.evaluate('registerPasskey()')).toEqual({ id: expect.any(String) });
  await call(tab, '/auth/logout', {});
  expect((await call(tab, '/profile')).status).toBe(401);

  expect(await tab.evaluate('logInWithPasskey()')).toMatchObject({ message: 'Login successful' });
  const after = await call(tab, '/profile');
  expect(after.body).toMatchObject({ id: before.body.id, amr: ['hwk', 'user'] });
});

test('a response works once, and only for its own challenge', async () => {
  const tab = await loggedInTab('bob');
  await tab.evaluate('registerPasskey()');
  const answer = await tab.evaluate<{ response: object; state: string }>(`(async () => {
    const { options, state } = await post('/passkeys/login/options');
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    return { response: credential.toJSON(), state };
  })()`);
  expect((await call(tab, '/passkeys/login', answer)).status).toBe(200);
  expect((await call(tab, '/passkeys/login', answer)).body.code).toBe('FLOW_STATE_INVALID');
  const { state } = (await call(tab, '/passkeys/login/options', {})).body;
  expect((await call(tab, '/passkeys/login', { ...answer, state })).body.code).toBe('INVALID_CREDENTIALS');
});

test.each([{}, { state: 5 }, { response: {} }, { response: 'x', state: 'y' }])(
  '%j is refused',
  async (body) => {
    const tab = await openTab(await chromium.open());
    expect((await call(tab, '/passkeys/login', body)).status).toBe(400);
    const { state } = (await call(tab, '/passkeys/login/options', {})).body;
    expect((await call(tab, '/passkeys/login', { ...body, state })).body.code).toBe('INVALID_CREDENTIALS');
  },
);
