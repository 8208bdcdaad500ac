import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import request from 'supertest';
import { cookieHeader, createTestApp, PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/existing-app.md');

test("a section behind one guard works beside the app's own parsers and headers", async () => {
  const browse = await page.start('app');
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  const broken = await browse('/auth/login', { method: 'POST', body: '{' });
  expect([broken.status, await broken.json()]).toEqual([
    400,
    expect.objectContaining({ code: 'BAD_REQUEST' }),
  ]);
  const refused = await browse('/account/orders');
  expect([refused.status, await refused.json()]).toEqual([
    401,
    expect.objectContaining({ code: 'NO_ACCESS_TOKEN' }),
  ]);
  await browse('/auth/register', { method: 'POST', body });
  const login = await browse('/auth/login', { method: 'POST', body });
  expect([login.status, login.headers.has('content-security-policy')]).toEqual([200, true]);
  expect(await (await browse('/account/orders')).json()).toEqual({ of: expect.any(String) });
  expect((await browse('/account', { method: 'DELETE' })).status).toBe(200);
});

test('guards without Express: plain HTTP, a WebSocket and socket.io admit only a good token', async () => {
  const { auth, register, tokensOf } = createTestApp();
  await register('ann');
  const { accessToken } = await tokensOf('ann');
  const headers = { Cookie: cookieHeader({ accessToken }) };
  const sockets = new SocketServer({ transports: ['websocket'], serveClient: false });
  const upgraded: unknown[] = [];
  const wss = {
    handleUpgrade(req: { user: { id: string } }, socket: { end(): void }) {
      upgraded.push(req.user.id);
      socket.end();
    },
  };
  const { createGuardedServer, guardSocketIo } = page.evaluate('without-express') as {
    createGuardedServer(auth: unknown, wss: unknown): Server;
    guardSocketIo(sockets: unknown, auth: unknown): void;
  };
  const server = createGuardedServer(auth, wss);
  const ioServer = createGuardedServer(auth, wss).removeAllListeners('upgrade');
  sockets.attach(ioServer);
  guardSocketIo(sockets, auth);
  const urls = await Promise.all(
    [server, ioServer].map(async (each) => {
      await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
    }),
  );
  const [url = '', ioUrl = ''] = urls;

  expect((await request(url).get('/').set(headers)).text).toMatch(/^Hello .+/);
  expect((await request(url).get('/')).body).toMatchObject({ code: 'NO_ACCESS_TOKEN' });
  const upgrade = (more: object) =>
    request(url)
      .get('/')
      .set({ Connection: 'Upgrade', Upgrade: 'websocket', ...more });
  expect((await upgrade({})).status).toBe(401);
  expect((await upgrade({ ...headers, Origin: 'https://evil.example.com' })).status).toBe(403);
  await upgrade(headers).catch(() => undefined); // the test's stand-in for a WebSocket server ends the connection
  expect(upgraded).toHaveLength(1);

  const connect = (extraHeaders: object) => {
    const options = { reconnection: false, forceNew: true, transports: ['websocket'] };
    const socket = io(ioUrl, { ...options, extraHeaders: extraHeaders as Record<string, string> });
    return new Promise<unknown>((resolve) => {
      socket.on('connect', () => resolve('connected')).on('connect_error', resolve);
    }).finally(() => socket.disconnect());
  };
  expect(await connect(headers)).toBe('connected');
  expect(await connect({})).toMatchObject({ message: 'No access token' });
  await sockets.close();
  server.close();
  await auth.close();
});
