import express from 'express';
import express4 from 'express4';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type DefaultEventsMap, type ServerOptions, type Socket } from 'socket.io';
import { WebSocket } from 'ws';
import { io, type ManagerOptions, type Socket as Client, type SocketOptions } from 'socket.io-client';
import {
  MemoryRefreshTokenStore,
  type AuthenticatedUser,
  type SocketIoData,
  type VerifyOptions,
} from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { cookieHeader, createTestApp } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';

const clock = testClock();
const app = createTestApp({ clock, refreshTokens: new MemoryRefreshTokenStore({ clock }) });
const { auth } = app;
const closers: (() => unknown)[] = [];
let userId: string;

beforeAll(async () => {
  userId = (await app.register('ann')).id;
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await auth.close();
});

const login = () => auth.sessions.start(userId);

type Typed = Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketIoData>;
interface Served {
  readonly url: string;
  readonly server: Typed;
  readonly http: HttpServer;
  readonly sockets: Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketIoData>[];
}

async function serve(
  options?: VerifyOptions,
  settings: Partial<ServerOptions> = {},
  makeApp: () => unknown = express,
): Promise<Served> {
  const http = createServer(makeApp() as never);
  const server: Typed = new Server(http, settings);
  server.use(auth.socketIo(options));
  const sockets: Served['sockets'] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    const user: AuthenticatedUser | undefined = socket.data.user;
    socket.emit('hello', user?.id);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, server, http, sockets };
}

const connectionsOf = (http: HttpServer) =>
  new Promise<number>((resolve, reject) =>
    http.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

type Options = Partial<ManagerOptions & SocketOptions>;

/** A client that has been greeted. Rejects with what `connect_error` brings. */
function connect(url: string, options: Options): Promise<Client> {
  const client = io(url, { reconnection: false, forceNew: true, ...options });
  closers.push(() => client.disconnect());
  return new Promise((resolve, reject) => {
    client.on('hello', () => resolve(client)).on('connect_error', reject);
  });
}

/** What the client is told, in order. */
function endOf(client: Client): Promise<unknown[]> {
  const told: unknown[] = [];
  client.on('auth.ended', (end) => told.push(end));
  return new Promise((resolve) => client.on('disconnect', (reason) => resolve([...told, reason])));
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('in an app of %s', (_name, makeApp) => {
  test.each(['polling', 'websocket'])(
    'a client connects over %s only with a good token',
    async (transport) => {
      const { url, server, sockets } = await serve({}, {}, makeApp);
      const connected = jest.fn();
      server.on('connection', connected);
      const { accessToken } = await login();
      const transports = [transport];
      const Cookie = cookieHeader({ accessToken });
      const good: Options[] = [
        { auth: { token: accessToken } },
        { extraHeaders: { Authorization: `Bearer ${accessToken}` } },
        { extraHeaders: { Cookie } },
        {
          auth: { token: accessToken },
          extraHeaders: { Cookie: 'accessToken=forged', Origin: 'https://evil.example.com' },
        },
      ];
      for (const options of good) {
        (await connect(url, { transports, ...options })).disconnect();
        expect(sockets.pop()?.data.user).toMatchObject({ id: userId, roles: [] });
      }
      connected.mockClear();
      const bad: [Options, string][] = [
        [{}, 'NO_ACCESS_TOKEN'],
        [{ auth: { token: '' } }, 'NO_ACCESS_TOKEN'],
        [{ query: { token: accessToken, accessToken } }, 'NO_ACCESS_TOKEN'],
        [{ auth: { token: 'forged' }, extraHeaders: { Cookie } }, 'ACCESS_TOKEN_INVALID'],
        [{ auth: { token: 'x'.repeat(100_000) } }, 'ACCESS_TOKEN_INVALID'],
        [{ auth: { token: [accessToken] } }, 'ACCESS_TOKEN_INVALID'],
        [{ auth: { token: { length: 1 } } }, 'ACCESS_TOKEN_INVALID'],
        [{ auth: { token: 7 } }, 'ACCESS_TOKEN_INVALID'],
        [{ extraHeaders: { Cookie, Origin: 'https://evil.example.com' } }, 'CROSS_SITE_REQUEST'],
      ];
      for (const [options, code] of bad) {
        const error = await connect(url, { transports, ...options }).catch((failure: unknown) => failure);
        expect([error, code]).toMatchObject([{ data: { code, message: expect.any(String) } }, code]);
      }
      expect(connected).not.toHaveBeenCalled();
    },
  );
});

test('connect_error brings the text in the language of the client, and only code and message', async () => {
  const { url } = await serve();
  const error = await connect(url, { extraHeaders: { 'Accept-Language': 'ko' } }).catch(
    (failure: unknown) => failure,
  );
  expect((error as { data: unknown }).data).toEqual({
    code: 'NO_ACCESS_TOKEN',
    message: expect.stringMatching(/[가-힣]/),
  });
});

describe('an open socket', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  const open = async (token: string) => {
    const client = await connect(served.url, { auth: { token }, transports: ['websocket'] });
    return { client, socket: served.sockets.pop() as Served['sockets'][number] };
  };

  test('gets auth.ended and is disconnected when its session ends, and another session goes on', async () => {
    const [mine, other] = [await login(), await login()];
    const [first, second] = [await open(mine.accessToken), await open(mine.accessToken)];
    const bystander = await open(other.accessToken);
    const ends = [endOf(first.client), endOf(second.client)];
    await auth.sessions.revoke(userId, mine.sessionId);
    for (const end of ends) expect(await end).toEqual([{ code: 'SESSION_REVOKED' }, 'io server disconnect']);
    expect(() => auth.requireFresh(first.socket, '5m')).toThrow('Session revoked');
    expect(bystander.client.connected).toBe(true);
  });

  test('ends in every namespace of its connection', async () => {
    const admins = served.server.of('/admins').use(auth.socketIo());
    admins.on('connection', (socket) => socket.emit('hello'));
    const { accessToken, sessionId } = await login();
    const client = await connect(served.url, { auth: { token: accessToken } });
    const second = client.io.socket('/admins', { auth: { token: accessToken } });
    await new Promise((resolve) => second.on('hello', resolve));
    const ends = [endOf(client), endOf(second)];
    await auth.sessions.revoke(userId, sessionId);
    for (const end of ends) expect((await end)[0]).toEqual({ code: 'SESSION_REVOKED' });
  });

  test('ends when its token expires, unless auth.renew brought the next one', async () => {
    const tokens = await login();
    const [stale, renewed] = [await open(tokens.accessToken), await open(tokens.accessToken)];
    clock.advance('29m');
    const token = (await auth.sessions.refresh(tokens.refreshToken)).accessToken;
    const answer = (await renewed.client.emitWithAck('auth.renew', { token })) as { expiresAt: string };
    expect(Date.parse(answer.expiresAt) - clock()).toBeGreaterThan(29 * 60_000);
    const end = endOf(stale.client);
    clock.advance('2m');
    expect(await end).toEqual([{ code: 'ACCESS_TOKEN_EXPIRED' }, 'io server disconnect']);
    expect(renewed.client.connected).toBe(true);
    expect(auth.requireFresh(renewed.socket, '1h').id).toBe(userId);
  });

  test('answers every wrong auth.renew with a code, and goes on', async () => {
    const [mine, other] = [await login(), await login()];
    const { client } = await open(mine.accessToken);
    const wrong = [
      { token: other.accessToken },
      { token: 'x' },
      { token: 7 },
      { token: { a: 1 } },
      { token: [] },
    ];
    for (const payload of wrong)
      expect(await client.emitWithAck('auth.renew', payload)).toMatchObject({ code: 'ACCESS_TOKEN_INVALID' });
    for (const payload of [{}, null, 'text', 7, [], { token: '' }])
      expect(await client.emitWithAck('auth.renew', payload)).toMatchObject({ code: 'NO_ACCESS_TOKEN' });
    expect(await client.emitWithAck('auth.renew')).toMatchObject({ code: 'NO_ACCESS_TOKEN' });
    client.emit('auth.renew');
    client.emit('auth.renew', { token: mine.accessToken });
    expect(await client.emitWithAck('auth.renew', { token: mine.accessToken })).toEqual({
      expiresAt: expect.any(String),
    });
  });
});

test('a client that never answers the close is cut off, long before ws gives it up', async () => {
  const { url, server, http } = await serve();
  const { accessToken: token, sessionId } = await login();
  const raw = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  closers.push(() => raw.terminate());
  await once(raw, 'open');
  raw.send(`40${JSON.stringify({ token })}`);
  await eventually('it is connected', () => Promise.resolve(server.sockets.sockets.size === 1));
  raw.pause();
  const began = performance.now();
  await auth.sessions.revoke(userId, sessionId);
  await eventually('the server has closed its connection', async () => (await connectionsOf(http)) === 0);
  expect(performance.now() - began).toBeLessThan(20_000); // ws waits for 30 seconds
});

test('auth.renew is answered by any number at once, and in English where the server is not that of Node', async () => {
  const served = await serve();
  served.server.use((socket, next) => {
    Object.defineProperty(socket, 'request', { value: { url: '/' } });
    next();
  });
  const { accessToken: token } = await login();
  const client = await connect(served.url, { auth: { token } });
  const renew = (payload: object) =>
    client.timeout(5000).emitWithAck('auth.renew', payload) as Promise<object>;
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => renew(n % 2 ? { token } : {})));
  const [good, bad] = [
    { expiresAt: expect.any(String) },
    { code: 'NO_ACCESS_TOKEN', message: 'No access token' },
  ];
  expect(answers).toEqual(answers.map((_, n) => (n % 2 ? good : bad)));
});

test('a namespace that is guarded twice lets no one in, and the warning names the cure', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const { accessToken: token } = await login();
  const { url, server } = await serve();
  server.use(auth.socketIo({ roles: ['admin'] }));
  await expect(connect(url, { auth: { token } })).rejects.toMatchObject({ message: 'Internal error' });
  expect(warn.mock.calls.map(([text]) => String(text)).join()).toMatch(
    /this namespace is guarded already: call io.use\(auth.socketIo\(\)\) once/,
  );
  warn.mockRestore();
});

test('a session that ends while other middleware still works leaves no open socket, and the app learns of its end', async () => {
  const served = await serve();
  const { accessToken, sessionId } = await login();
  const told: string[] = [];
  served.server.use((socket, next) => {
    socket.on('disconnect', () => told.push('middleware'));
    void auth.sessions.revoke(userId, sessionId).then(() => next());
  });
  served.server.on('connection', (socket) => {
    told.push(socket.connected ? 'connected' : 'not connected');
    for (const event of ['disconnecting', 'disconnect'] as const)
      socket.on(event, (reason) => told.push(`${event}: ${reason}`));
  });
  const transports = ['websocket'];
  const client = io(served.url, {
    auth: { token: accessToken },
    transports,
    reconnection: false,
    forceNew: true,
  });
  closers.push(() => client.disconnect());
  const greeted = jest.fn();
  client.on('hello', greeted);
  expect(await endOf(client)).toEqual([{ code: 'SESSION_REVOKED' }, 'io server disconnect']);
  await eventually('no socket is left', () => Promise.resolve(served.server.sockets.sockets.size === 0));
  expect(greeted).not.toHaveBeenCalled();
  expect(told).toEqual([
    'middleware',
    'not connected',
    'disconnecting: server namespace disconnect',
    'disconnect: server namespace disconnect',
  ]);
});

test('middleware behind the guard can check the user of the socket', async () => {
  const served = await serve();
  const fresh = jest.fn();
  served.server.use((socket, next) => {
    fresh(auth.requireFresh(socket, '5m').id);
    try {
      auth.requireRoles(socket, ['admin']);
      next();
    } catch (error) {
      next(error as Error);
    }
  });
  const { accessToken: token } = await login();
  await expect(connect(served.url, { auth: { token } })).rejects.toMatchObject({ message: 'Forbidden' });
  expect(fresh).toHaveBeenCalledWith(userId);
});

test('a connection that socket.io would restore without a check is refused, and the warning names the cure', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const { accessToken } = await login();
  const { url } = await serve({}, { connectionStateRecovery: {} });
  await expect(connect(url, { auth: { token: accessToken } })).rejects.toMatchObject({
    message: 'Internal error',
  });
  expect(warn.mock.calls.map(([text]) => String(text)).join()).toMatch(
    /set its option skipMiddlewares to false/,
  );
  warn.mockRestore();
  const checked = await serve({}, { connectionStateRecovery: { skipMiddlewares: false } });
  (await connect(checked.url, { auth: { token: accessToken } })).disconnect();
});

test('optional lets a client without a token connect as anonymous', async () => {
  const { url, sockets } = await serve({ optional: true });
  const client = await connect(url, {});
  const socket = sockets.pop() as Served['sockets'][number];
  expect(socket.data.user).toBeUndefined();
  expect(() => auth.requireRoles(socket, ['admin'])).toThrow('No access token');
  // An anonymous socket has no session that could go on. The client reconnects with its token.
  for (const payload of [{ token: (await login()).accessToken }, { token: 'x' }, {}, null])
    expect(await client.timeout(5000).emitWithAck('auth.renew', payload)).toMatchObject({
      code: 'ACCESS_TOKEN_INVALID',
    });
  client.disconnect();
});

test('a wrong option is a TypeError that names it', () => {
  expect(() => auth.socketIo({ handshake: {}, nsp: {} } as never)).toThrow(
    'socketIo() got a socket in place of its options: call it where you add the middleware, as in io.use(auth.socketIo())',
  );
  expect(() => auth.socketIo({ role: ['admin'] } as never)).toThrow(/^socketIo\(\): Unknown option role/);
});
