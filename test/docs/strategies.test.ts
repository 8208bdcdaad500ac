import { URI, type TOTP } from 'otpauth';
import { PASSWORD } from '../helpers/apps/app';
import { CookieBrowser } from '../helpers/browsers/cookie-browser';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/servers/free-port';
import { useDocPage } from '../helpers/snippets';

// docs/strategies.md: the recipes that need no other service.
const page = useDocPage('docs/strategies.md', 'magic-link', 'api-key', 'totp');
const json = (body: object) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

describe('Magic link', () => {
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
    expect((await browser.fetch(`${app}/magic-link`, json({ email, returnTo }))).status).toBe(202);
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
    const sixth = await browser.fetch(`${app}/magic-link`, json({ email: 'BOB@example.com' }));
    expect([sixth.status, Number(sixth.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
  });

  test('while the mail server is down the app answers 503, without a stack', async () => {
    const response = await new CookieBrowser().fetch(
      `${app}/magic-link`,
      json({ email: 'down@example.com' }),
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
    const response = await new CookieBrowser().fetch(`${app}/magic-link`, json({ email }));
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
});

test('API key: only the right key is exchanged for tokens', async () => {
  const browse = await page.start('api-key', { ROBOT_KEY: 'the key of the robot' });
  const ask = (key: string) => browse('/tokens', { method: 'POST', headers: { 'X-Api-Key': key } });
  expect((await ask('another key')).status).toBe(401);
  expect((await browse('/tokens', { method: 'POST' })).status).toBe(401);
  const pair = (await (await ask('the key of the robot')).json()) as {
    accessToken: string;
    refreshToken: string;
  };
  const headers = { Authorization: `Bearer ${pair.accessToken}` };
  expect(await (await browse('/profile', { headers })).json()).toMatchObject({ roles: ['importer'] });
  const next = await browse('/auth/refresh', json({ refreshToken: pair.refreshToken }));
  expect(await next.json()).toMatchObject({ tokenType: 'Bearer' });
});

describe('TOTP', () => {
  let app: string;
  beforeAll(async () => {
    app = (await page.start('totp')).address;
  });

  interface Answer {
    code?: string;
    state?: string;
    second?: string;
    uri?: string;
    user?: object;
    amr?: string[];
  }
  const post = async (browser: CookieBrowser, path: string, body: object, headers = {}) => {
    const init = json(body);
    const response = await browser.fetch(app + path, { ...init, headers: { ...init.headers, ...headers } });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  const amrOf = async (browser: CookieBrowser) =>
    ((await (await browser.fetch(`${app}/profile`)).json()) as Answer).amr;
  /** The code of the half minute `steps` from now. */
  const codeOf = (uri: string, steps: number) =>
    (URI.parse(uri) as TOTP).generate({ timestamp: Date.now() + steps * 30_000 });
  /** A wrong code: none of the two and a half minutes around now. */
  const wrongFor = (uri: string) => {
    const near = [-2, -1, 0, 1, 2].map((steps) => codeOf(uri, steps));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code));
  };

  /** Registers a user who enables TOTP with the code of this half minute, so the next half minute's code is still unused. */
  async function enrolled(username: string) {
    const browser = new CookieBrowser();
    const credentials = { username, password: PASSWORD };
    await post(browser, '/auth/register', credentials);
    expect((await post(browser, '/login', credentials)).body.user).toMatchObject({ username });
    expect(await amrOf(browser)).toEqual(['pwd']);
    const { uri = '', state } = (await post(browser, '/totp', {})).body;
    const mistyped = await post(browser, '/totp/confirm', { state, code: wrongFor(uri) });
    expect([mistyped.status, mistyped.body.code]).toEqual([401, 'WRONG_CODE']);
    const used = codeOf(uri, 0);
    const confirmation = { state: mistyped.body.state, code: used };
    expect((await post(browser, '/totp/confirm', confirmation)).status).toBe(201);
    return { uri, used, credentials, browser };
  }
  const firstStep = async (browser: CookieBrowser, credentials: object) => {
    const { status, headers, body } = await post(browser, '/login', credentials);
    expect([status, body]).toEqual([200, { second: 'totp', state: expect.any(String) }]);
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^flowState\..*SameSite=Strict/)]);
    return body.state;
  };

  test('the login asks for a code, takes each code once, and names it in amr', async () => {
    const { uri, used, credentials } = await enrolled('ann');
    const browser = new CookieBrowser();
    let state = await firstStep(browser, credentials);
    expect((await browser.fetch(`${app}/profile`)).status).toBe(401);
    for (const code of [used, undefined, 123456]) {
      const again = await post(browser, '/login/totp', { state, code });
      expect([again.status, again.body.code]).toEqual([401, 'WRONG_CODE']);
      state = again.body.state;
    }
    const code = codeOf(uri, 1);
    expect((await post(browser, '/login/totp', { state, code })).body.user).toMatchObject({
      username: 'ann',
    });
    expect(await amrOf(browser)).toEqual(['pwd', 'otp']);
    const elsewhere = new CookieBrowser();
    const replay = { state: await firstStep(elsewhere, credentials), code };
    expect((await post(elsewhere, '/login/totp', replay)).body.code).toBe('WRONG_CODE');
    expect((await post(elsewhere, '/login/totp', replay)).body.code).toBe('FLOW_STATE_INVALID');
  });

  test('only one of two requests with the same code logs in', async () => {
    const { uri, credentials } = await enrolled('eve');
    const browsers = [new CookieBrowser(), new CookieBrowser()];
    const states: unknown[] = [];
    for (const browser of browsers) states.push(await firstStep(browser, credentials));
    const code = codeOf(uri, 1);
    const answers = await Promise.all(
      browsers.map((browser, at) => post(browser, '/login/totp', { state: states[at], code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('the sixth guess gets 429, even with the right code, from any browser', async () => {
    const { uri, credentials } = await enrolled('bob');
    for (let guess = 1; guess <= 5; guess += 1) {
      const browser = new CookieBrowser();
      const state = await firstStep(browser, credentials);
      expect((await post(browser, '/login/totp', { state, code: wrongFor(uri) })).status).toBe(401);
    }
    for (const code of [wrongFor(uri), codeOf(uri, 1)]) {
      const browser = new CookieBrowser();
      const sixth = await post(browser, '/login/totp', {
        state: await firstStep(browser, credentials),
        code,
      });
      expect([sixth.status, Number(sixth.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    }
  });

  test('enabling TOTP ends the other sessions, and the flow state of one step is refused in another', async () => {
    const { uri, credentials, browser } = await enrolled('cleo');
    const other = new CookieBrowser();
    let state = await firstStep(other, credentials);
    await post(other, '/login/totp', { state, code: codeOf(uri, 1) });
    state = (await post(browser, '/totp', {})).body.state;
    expect((await post(browser, '/login/totp', { state, code: codeOf(uri, 1) })).body.code).toBe(
      'FLOW_STATE_INVALID',
    );
    state = await firstStep(browser, credentials);
    expect((await post(browser, '/totp/confirm', { state })).body.code).toBe('FLOW_STATE_INVALID');
    const next = (await post(browser, '/totp', {})).body;
    const code = codeOf(next.uri ?? '', 0);
    expect((await post(browser, '/totp/confirm', { state: next.state, code })).status).toBe(201);
    expect((await other.fetch(`${app}/profile`)).status).toBe(401);
    expect((await browser.fetch(`${app}/profile`)).status).toBe(200);
  });

  test('no login bypasses TOTP, and no login form of another site works', async () => {
    const { credentials } = await enrolled('dora');
    const browser = new CookieBrowser();
    expect((await browser.fetch(`${app}/auth/login`, json(credentials))).status).toBe(404);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await post(browser, '/login', credentials, { 'Content-Type': type });
      expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    }
    for (const wrong of [{}, { username: {}, password: 5 }, { ...credentials, password: 'no' }])
      expect((await post(browser, '/login', wrong)).status).toBe(401);
    expect((await post(browser, '/totp', {})).status).toBe(401);
  });
});
