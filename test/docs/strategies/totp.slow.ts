import { URI, type TOTP } from 'otpauth';
import { PASSWORD } from '../../helpers/apps/app';
import { CookieBrowser } from '../../helpers/browsers/cookie-browser';
import { postJson } from '../../helpers/post-json';
import { useDocPage } from '../../helpers/snippets';

const page = useDocPage('docs/strategies/totp.md');

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
  const init = postJson(body);
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
  expect((await browser.fetch(`${app}/auth/login`, postJson(credentials))).status).toBe(404);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const answer = await post(browser, '/login', credentials, { 'Content-Type': type });
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
  }
  for (const wrong of [{}, { username: {}, password: 5 }])
    expect((await post(browser, '/login', wrong)).status).toBe(400);
  expect((await post(browser, '/login', { ...credentials, password: 'no' })).status).toBe(401);
  expect((await post(browser, '/totp', {})).status).toBe(401);
});
