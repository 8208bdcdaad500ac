import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import express from 'express';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import type { Page } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { testClock } from '../../src/testing/index';
import { MemoryRefreshTokenStore } from '../../src/index';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { useBrowser } from '../helpers/browsers/browser';
import { eventually } from '../helpers/eventually';
import { useDocPage } from '../helpers/snippets';
import { connect } from '../helpers/sockets/web-sockets';

const page = useDocPage('docs/sockets.md');
const chromium = useBrowser();

test('both servers check single events, renew on the open connection and end with the session', async () => {
  const browse = await page.start('server');
  const body = JSON.stringify({ username: 'ann', password: PASSWORD, transport: 'body' });
  const post = async (where: string, text: string, headers = {}) =>
    (await (await browse(where, { method: 'POST', body: text, headers })).json()) as Record<string, string>;
  await post('/auth/register', JSON.stringify({ username: 'ann', password: PASSWORD }));
  const { accessToken: token = '', refreshToken } = await post('/auth/login', body);
  const authorization = { Authorization: `Bearer ${token}` };

  const { client, opened, ended } = connect(`${browse.address.replace('http', 'ws')}/live`, authorization);
  await opened;
  const ask = async (message: object) => {
    client.send(JSON.stringify(message));
    const [data] = (await once(client, 'message')) as [Buffer];
    return JSON.parse(data.toString()) as object;
  };
  expect(await ask({ type: 'delete' })).toMatchObject({ done: 'delete' });
  expect(await ask({ type: 'publish' })).toEqual({ failed: 'FORBIDDEN' });
  expect(await ask({ type: 'renew', token: 'forged' })).toEqual({ failed: 'ACCESS_TOKEN_INVALID' });
  const next = await post('/auth/refresh', JSON.stringify({ refreshToken }));
  expect(await ask({ type: 'renew', token: next['accessToken'] })).toMatchObject({ done: 'renew' });

  const socket = io(browse.address, { auth: { token }, forceNew: true, reconnection: false });
  await once(socket as never, 'connect');
  expect(await socket.emitWithAck('publish', 'hello')).toEqual({ failed: 'FORBIDDEN' });
  expect(await socket.emitWithAck('auth.renew', { token: next['accessToken'] })).toHaveProperty('expiresAt');
  const told = once(socket as never, 'auth.ended');
  await post('/auth/logout', '{}', authorization);
  expect(await ended).toEqual({ code: 4401, reason: 'SESSION_REVOKED' });
  expect(await told).toEqual([{ code: 'SESSION_REVOKED' }]);
  socket.disconnect();
  // Of no one: the connection must not stay open.
  expect(await connect(`${browse.address.replace('http', 'ws')}/other`, authorization).ended).toMatchObject({
    code: 1006,
  });
});

/** What the page of the test keeps. */
interface InPage {
  client: { login(body: object): Promise<unknown>; logout(): Promise<unknown> };
  messages: string[];
  loggedOut: string[];
}

/** An app that serves the snippets of the page to a browser, with both kinds of sockets. */
async function serveBrowserSnippets() {
  const clock = testClock();
  const { auth, app, register } = createTestApp({
    clock,
    refreshTokens: new MemoryRefreshTokenStore({ clock }),
  });
  await register('ann');
  const site = express();
  const imports = { 'socket.io-client': '/socket.io/socket.io.esm.min.js' };
  site.get('/', (_req, res) => {
    res.type('html').send(`<!doctype html><title>Sockets</title>
      <script type="importmap">${JSON.stringify({ imports })}</script>
      <script type="module">
        import { createAuthClient } from '/client/index.js';
        import { openSocket } from '/ws.js';
        import { openSocketIo } from '/io.js';
        const client = createAuthClient({ baseUrl: '/auth' });
        const inPage = (globalThis.inPage = { client, messages: [], loggedOut: [] });
        globalThis.openBoth = () => {
          openSocket(client, location.origin.replace('http', 'ws') + '/live', {
            onMessage: ({ data }) => inPage.messages.push(data),
            onLoggedOut: () => inPage.loggedOut.push('ws'),
          });
          openSocketIo(client, location.origin, { onLoggedOut: () => inPage.loggedOut.push('socket.io') })
            .on('hello', (text) => inPage.messages.push(text));
        };
      </script>`);
  });
  for (const [name, file] of [
    ['browser-ws', '/ws.js'],
    ['browser-io', '/io.js'],
  ] as const)
    site.get(file, (_req, res) => res.type('js').send(page.snippet(name)));
  site.use('/client', express.static(path.join(__dirname, '../../dist/client')));
  site.use(app);
  const server = createServer(site);
  const wss = auth.upgrade(new WebSocketServer({ noServer: true }));
  server.on('upgrade', (req, socket, head) => {
    if (req.url === '/live')
      wss.handleUpgrade(req, socket, head, (ws) => ws.on('error', () => undefined).send('ws'));
  });
  const sockets = new Server(server, { destroyUpgrade: false });
  sockets.use(auth.socketIo()).on('connection', (socket) => socket.emit('hello', 'socket.io'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    clock,
    wss,
    sockets,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const each of wss.clients) each.terminate();
      await sockets.close();
      await auth.close();
    },
  };
}

const inPage = <T>(tab: Page, read: (state: InPage) => T): Promise<T> =>
  tab.evaluate<T>(`(${String(read)})(globalThis.inPage)`);

test('Chromium renews both sockets when their token expires, and a logout in one tab closes those of another', async () => {
  const site = await serveBrowserSnippets();
  const context = await chromium.open();
  const [first, second] = [await context.newPage(), await context.newPage()];
  for (const tab of [first, second]) await tab.goto(site.origin);
  const credentials = JSON.stringify({ username: 'ann', password: PASSWORD });
  await first.evaluate(`inPage.client.login(${credentials})`);
  await second.evaluate('openBoth()');
  const greeted = (times: number) =>
    eventually(`both sockets were greeted ${times} times`, async () => {
      const messages = await inPage(second, (state) => state.messages);
      return ['ws', 'socket.io'].every((name) => messages.filter((each) => each === name).length === times);
    });
  await greeted(1);
  site.clock.advance('31m');
  await greeted(2);
  expect(await inPage(second, (state) => state.loggedOut)).toEqual([]);

  await first.evaluate('inPage.client.logout()');
  await eventually(
    'the other tab learns of it',
    async () => (await inPage(second, (state) => state.loggedOut)).sort().join() === 'socket.io,ws',
  );
  expect([site.wss.clients.size, site.sockets.engine.clientsCount]).toEqual([0, 0]);
  await site.close();
});
