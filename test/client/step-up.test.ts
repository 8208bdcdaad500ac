import express, { type Express } from 'express';
import type { Auth } from '../../src';
import type { AuthClient, AuthClientOptions } from '../../src/client';
import { stepUp, type AskForProof, type ProofQuestion } from '../../src/client/second-factor';
import { factorApp, type FactorApp } from '../features/second-factor/factor-app';
import { PASSWORD } from '../helpers/apps/app';
import { installBrowserGlobals, keychain, losing, siteOf, type BrowserGlobals, type Site } from './browser';

const ANN = { username: 'ann', password: PASSWORD };

let server: FactorApp;
let site: Site;
let globals: BrowserGlobals;
beforeEach(async () => {
  globals = installBrowserGlobals();
  server = factorApp({ mount });
  site = await siteOf(server.app, () => server.clock.forward(31 * 60_000));
  await server.createUser('ann');
});
afterEach(async () => {
  await site.close();
  await server.auth.close();
  globals.remove();
});

function mount(app: Express, auth: Auth): void {
  const fresh = auth.guard({ freshWithin: '5m' });
  app.post('/factor', auth.guard({ secondFactor: true, amr: ['otp', 'hwk'] }));
  app.post('/fresh', fresh, express.json(), (req, res) => void res.json(req.body));
}

const grown = () => server.clock.forward(6 * 60_000);

/** A user who gives these answers, one after the other. */
function userWith(...answers: (string | undefined)[]) {
  const questions: ProofQuestion[] = [];
  const ask: AskForProof = (question) => {
    questions.push(question);
    const password = answers[questions.length - 1];
    return Promise.resolve(password === undefined ? undefined : { password });
  };
  return { ask, questions };
}

const post = (client: AuthClient, more: RequestInit = {}) =>
  client.fetch(`${site.origin}/fresh`, {
    method: 'POST',
    body: '{"hello":"world"}',
    headers: { 'Content-Type': 'application/json' },
    ...more,
  });

describe.each(['cookie', 'bearer'] as const)('%s', (transport) => {
  /** Two tabs of one browser share cookies and storage. */
  function openBrowser() {
    const fetch = site.browser();
    const storage = keychain();
    return (ask: AskForProof) => {
      const options: Partial<AuthClientOptions> = { transport, reauthenticate: stepUp(ask) };
      return site.tab(fetch, { ...options, ...(transport === 'bearer' && { storage }) });
    };
  }

  test('20 parallel requests ask once, and all are repeated with their bodies', async () => {
    const user = userWith(PASSWORD);
    const client = openBrowser()(user.ask);
    await client.login(ANN);
    grown();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(client)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await answers[0]?.json()).toEqual({ hello: 'world' });
    expect(user.questions.map(({ failure, signal }) => [failure, signal.aborted])).toEqual([
      [undefined, true],
    ]);
    expect(site.sentTo('/auth/reauthenticate')).toHaveLength(1);
    // The new pair is kept: it is refreshed, too.
    await client.refresh();
    expect(await client.check()).not.toBeNull();
  });

  test('two tabs ask once, and the proof of one counts for the other', async () => {
    const open = openBrowser();
    let answer = (_proof: { password: string }) => {};
    const asked = jest.fn(() => new Promise<{ password: string }>((resolve) => (answer = resolve)));
    const [one, two] = [open(asked), open(asked)];
    await one.login(ANN);
    grown();
    const answers = Promise.all([post(one), post(two), post(one), post(two)]);
    while (site.sentTo('/fresh').length < 4) await new Promise((resolve) => setImmediate(resolve));
    while (asked.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // Other requests go on meanwhile.
    await two.refresh();
    answer({ password: PASSWORD });
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('an expired token is replaced first, and then the user is asked', async () => {
    const user = userWith(PASSWORD);
    const client = openBrowser()(user.ask);
    await client.login(ANN);
    site.expire();
    expect((await post(client)).status).toBe(200);
    expect(user.questions).toHaveLength(1);
    expect(site.sentTo('/auth/refresh')).toHaveLength(1);
  });

  test('the question says what the guard asks for', async () => {
    const user = userWith(undefined, undefined);
    const client = openBrowser()(user.ask);
    await client.login(ANN);
    expect((await client.fetch(`${site.origin}/factor`, { method: 'POST' })).status).toBe(401);
    grown();
    expect((await post(client)).status).toBe(401);
    expect(user.questions.map(({ acrValues }) => acrValues)).toEqual([['mfa', 'otp', 'hwk'], []]);
  });

  test('a wrong proof is asked again with its failure', async () => {
    const user = userWith('a wrong password', PASSWORD);
    const client = openBrowser()(user.ask);
    await client.login(ANN);
    grown();
    expect((await post(client)).status).toBe(200);
    const failure = expect.objectContaining({ code: 'INVALID_CREDENTIALS', status: 401 }) as unknown;
    expect(user.questions.map((question) => question.failure)).toEqual([undefined, failure]);
  });

  test('a proof whose answer got lost is sent again as the same attempt', async () => {
    const user = userWith(PASSWORD);
    const client = openBrowser()(user.ask);
    await client.login(ANN);
    grown();
    site.network = losing('/auth/reauthenticate');
    expect((await post(client)).status).toBe(200);
    const keys = site.sentTo('/auth/reauthenticate').map(({ headers }) => headers.get('idempotency-key'));
    expect(keys).toEqual([expect.any(String), keys[0]]);
    expect(user.questions).toHaveLength(1);
    expect(await client.check()).not.toBeNull();
  });

  test('a request whose user declines gets the 401, and is not repeated', async () => {
    const user = userWith(undefined);
    const client = openBrowser()(user.ask);
    await client.login(ANN);
    grown();
    const answers = await Promise.all([post(client), post(client)]);
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' });
    }
    expect(user.questions.map(({ signal }) => signal.aborted)).toEqual([true]);
    expect(site.sentTo('/fresh')).toHaveLength(2);
  });

  test('a request that was aborted while the user is asked rejects, and the question goes on', async () => {
    let answer = (_proof: { password: string }) => {};
    const asked = jest.fn(() => new Promise<{ password: string }>((resolve) => (answer = resolve)));
    const client = openBrowser()(asked);
    await client.login(ANN);
    grown();
    const aborting = new AbortController();
    const [aborted, other] = [post(client, { signal: aborting.signal }), post(client)];
    while (asked.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
    aborting.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    answer({ password: PASSWORD });
    expect((await other).status).toBe(200);
  });
});

test('an error of the question, and an outage of the answer, reject the requests that wait', async () => {
  const error = new Error('The dialog is broken');
  const ask = jest.fn<Promise<{ password: string }>, []>(() => Promise.reject(error));
  const client = site.tab(site.browser(), { reauthenticate: stepUp(ask) });
  await client.login(ANN);
  grown();
  await expect(post(client)).rejects.toBe(error);
  ask.mockResolvedValue({ password: PASSWORD });
  site.network = (request, send) =>
    request.url.endsWith('/reauthenticate')
      ? Promise.resolve(Response.json({ code: 'SERVICE_UNAVAILABLE', message: '' }, { status: 503 }))
      : send();
  await expect(post(client)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(ask).toHaveBeenCalledTimes(2);
  site.network = (_request, send) => send();
  expect((await post(client)).status).toBe(200);
});

test('nothing is proved or repeated in the name of another user', async () => {
  await server.createUser('ben');
  const browser = site.browser();
  const other = site.tab(browser);
  const client = site.tab(browser, {
    reauthenticate: stepUp(async () => {
      await other.login({ username: 'ben', password: PASSWORD });
      return { password: PASSWORD };
    }),
  });
  await client.login(ANN);
  grown();
  expect((await post(client)).status).toBe(401);
  expect(site.sentTo('/fresh')).toHaveLength(1);
  expect(site.sentTo('/auth/reauthenticate')).toEqual([]);
});

test('stepUp refuses what is no function', () => {
  expect(() => stepUp({} as AskForProof)).toThrow('stepUp(): ask must be a function');
});
