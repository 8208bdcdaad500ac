import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectToEnd } from '../helpers/apps/process-end';
import { eventually } from '../helpers/eventually';
import { createAuthClient, AuthClientError, type AuthChange } from '../../src/client';
import { ANN, installBrowserGlobals, keychain, openSite, type Site } from './browser';

let site: Site;
beforeEach(async () => void (site = await openSite()));
afterEach(() => site.close());

describe.each(['cookie', 'bearer'] as const)('%s', (transport) => {
  test('the client works from registration to logout', async () => {
    const client = site.tab(site.browser(), { transport });
    const changes: AuthChange[] = [];
    client.onChange((change) => changes.push(change));
    const ben = { username: 'ben', password: ANN.password };
    expect(await client.check()).toBeNull();
    expect(await client.register(ben)).toMatchObject({ username: 'ben' });
    const user = await client.login({ ...ben, remember: true });
    expect(await client.check()).toMatchObject({ id: user.id });
    expect(await client.info()).toEqual(user);
    expect(await client.sessions()).toMatchObject([{ current: true }]);

    const other = site.tab(site.browser(), { transport });
    await other.login(ben);
    expect(await client.endOtherSessions()).toBe(1);
    expect(await other.check()).toBeNull();
    await expect(client.endSession('nobody')).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
      status: 404,
    });

    await client.changePassword({ currentPassword: ben.password, newPassword: 'quite another 8 words' });
    site.expire();
    expect(await client.info()).toEqual(user);
    await client.logout();
    expect(await client.check()).toBeNull();

    await client.login({ ...ben, password: 'quite another 8 words' });
    await client.logoutAll();
    expect(await client.check()).toBeNull();
    expect(changes.map(({ type }) => type)).toEqual(['login', 'logout', 'login', 'logout']);
  });

  test('a session that ended elsewhere is announced once, however many requests find out', async () => {
    const client = site.tab(site.browser(), { transport });
    const other = site.tab(site.browser(), { transport });
    await client.login(ANN);
    await other.login(ANN);
    const changes: AuthChange[] = [];
    client.onChange((change) => changes.push(change));
    await other.endOtherSessions();
    await Promise.all(Array.from({ length: 5 }, () => client.fetch(`${site.origin}/profile`)));
    expect(changes).toEqual([{ type: 'expired', code: 'SESSION_NOT_FOUND' }]);
    expect(site.sentTo('/auth/refresh')).toHaveLength(1);
  });

  test('call() reaches any endpoint of the router, and replaces an expired token', async () => {
    const client = site.tab(site.browser(), { transport });
    const user = await client.login(ANN, '/login');
    site.expire();
    expect(await client.call('GET', '/info')).toEqual({ user });
    expect(site.sentTo('/auth/refresh')).toHaveLength(1);
    const elsewhere = { code: 'UNEXPECTED_RESPONSE', status: 404 };
    await expect(client.call('POST', '/elsewhere', { a: 1 })).rejects.toMatchObject(elsewhere);
    await expect(client.login(ANN, '/elsewhere')).rejects.toMatchObject(elsewhere);
    expect(await client.info()).toEqual(user);
  });

  test('failures carry their code, fields and status', async () => {
    const client = site.tab(site.browser(), { transport });
    const failure = await client
      .register({ username: 'x', password: 'short' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AuthClientError);
    expect(failure).toMatchObject({
      code: 'VALIDATION_FAILED',
      status: 400,
      errors: expect.arrayContaining([expect.objectContaining({ path: 'password' })]),
    });
    await expect(client.login({ ...ANN, password: 'wrong' })).rejects.toMatchObject({
      code: 'INVALID_CREDENTIALS',
    });
    site.network = () => Promise.resolve(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(client.login(ANN)).rejects.toMatchObject({ code: 'UNEXPECTED_RESPONSE', status: 502 });
    await expect(client.check()).rejects.toMatchObject({ code: 'UNEXPECTED_RESPONSE', status: 502 });
    site.network = () => Promise.reject(new TypeError('fetch failed'));
    await expect(client.check()).rejects.toMatchObject({ code: 'NETWORK_ERROR', status: 0 });
    await expect(client.logout()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  });
});

test('bearer tokens go to the origin of baseUrl only', async () => {
  const received: (string | undefined)[] = [];
  const foreign = createServer((req, res) => {
    received.push(req.headers.authorization);
    res.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"ACCESS_TOKEN_EXPIRED"}');
  }).listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  const elsewhere = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  const client = site.tab(site.browser(), { transport: 'bearer' });
  await client.login(ANN);
  expect((await client.fetch(`${elsewhere}/profile`)).status).toBe(401);
  expect(site.sentTo('/auth/refresh')).toEqual([]);
  expect(received).toEqual([undefined]);
  foreign.close();
});

test.each([302, 307])('bearer tokens and passwords follow no redirect (%i)', async (status) => {
  const received: string[] = [];
  const foreign = createServer((req, res) => {
    received.push(req.url as string);
    res.end('{}');
  }).listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  const elsewhere = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  const redirecting = createServer((req, res) => {
    res.writeHead(status, { location: elsewhere + (req.url as string) }).end();
  }).listen(0, '127.0.0.1');
  await once(redirecting, 'listening');
  const origin = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
  const storage = keychain();
  await site.tab(site.browser(), { transport: 'bearer', storage }).login(ANN);
  const client = createAuthClient({ baseUrl: `${origin}/auth`, transport: 'bearer', storage });
  await expect(client.fetch(`${origin}/profile`)).rejects.toThrow();
  await expect(client.login(ANN)).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  await expect(client.refresh()).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
  expect(received).toEqual([]);
  foreign.close();
  redirecting.close();
});

test("cookies are sent to an API on another origin, whatever the request's credentials mode", async () => {
  const sent: [string, string][] = [];
  const fetch = jest.fn((request: Request) => {
    sent.push([request.url, request.credentials]);
    return Promise.resolve(Response.json({ user: {} }));
  }) as typeof globalThis.fetch;
  const client = createAuthClient({ baseUrl: 'https://api.example.com/auth', fetch });
  await client.login(ANN);
  await client.check();
  await client.refresh();
  await client.fetch(new Request('https://api.example.com/profile', { credentials: 'omit' }));
  await client.fetch('https://cdn.example.com/picture');
  expect(sent).toEqual([
    ['https://api.example.com/auth/login', 'include'],
    ['https://api.example.com/auth/check', 'include'],
    ['https://api.example.com/auth/refresh', 'include'],
    ['https://api.example.com/profile', 'include'],
    ['https://cdn.example.com/picture', 'same-origin'],
  ]);
});

test('a login and a logout are announced in the other tabs', async () => {
  const browser = installBrowserGlobals();
  const fetch = site.browser();
  const [one, two] = [site.tab(fetch), site.tab(fetch)];
  const changes: AuthChange[] = [];
  const stop = two.onChange((change) => changes.push(change));
  const user = await one.login(ANN);
  await one.logout();
  await eventually('both are announced', () => Promise.resolve(changes.length >= 2));
  expect(changes).toEqual([{ type: 'login', user }, { type: 'logout' }]);
  stop();
  await one.login(ANN);
  await sleep(50);
  expect(changes).toHaveLength(2);
  expect([...browser.items.values()].join()).not.toContain('eyJ'); // the start of a token
  one.close();
  two.close();
  browser.remove();
});

test('a client is logged in by a storage that another client has filled', async () => {
  const storage = keychain();
  const fetch = site.browser();
  await site.tab(fetch, { transport: 'bearer', storage }).login(ANN);
  expect(await site.tab(fetch, { transport: 'bearer', storage }).check()).not.toBeNull();
});

test('importing and making a client needs no browser, and keeps no process running', async () => {
  const built = path.join(__dirname, '../../dist/client/index.js');
  const script = `import { createAuthClient } from ${JSON.stringify(built)};
    createAuthClient({ baseUrl: '/auth' }).onChange(() => {});
    createAuthClient({ baseUrl: '/auth', transport: 'bearer' });`;
  await expectToEnd(script);
  expect(createAuthClient({ baseUrl: '/auth' })).toBeDefined();
});
