import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { WebSocketServer } from 'ws';
import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, userOf } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { cookieHeader, createTestApp } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { connect, serveWebSockets, type SocketApp } from '../../helpers/sockets/web-sockets';

const clock = testClock();
const users = new MemoryUserStore();
const app = createTestApp({
  clock,
  users,
  refreshTokens: new MemoryRefreshTokenStore({ clock }),
  trustedOrigins: ['https://app.example.com'],
});
const { auth } = app;
const closers: (() => unknown)[] = [];
let userId: string;
let sockets: SocketApp;

beforeAll(async () => {
  userId = (await app.register('ann')).id;
  sockets = await serve();
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await auth.close();
});

async function serve(
  ...options: Parameters<typeof serveWebSockets> extends [unknown, ...infer Rest] ? Rest : never
) {
  const served = await serveWebSockets(auth, ...options);
  closers.push(() => served.close());
  return served;
}

const login = () => auth.sessions.start(userId);
const bearer = (accessToken: string) => ({ Authorization: `Bearer ${accessToken}` });

/** A client that is connected, and its socket in the server. */
async function open(headers: Record<string, string>, served = sockets) {
  const connection = connect(served.url, headers);
  await connection.opened;
  await eventually('the server has it', () => Promise.resolve(served.connections.length > 0));
  const { ws, request } = served.connections.pop() as SocketApp['connections'][number];
  return { ...connection, ws, request };
}

describe('a handshake', () => {
  test('with a good token in a header or a cookie opens, and the request has the user', async () => {
    const { accessToken, sessionId } = await login();
    const cookie = { Cookie: cookieHeader({ accessToken }) };
    for (const headers of [
      bearer(accessToken),
      cookie,
      { ...cookie, Origin: sockets.url.replace('ws', 'http') },
    ]) {
      const { client, request } = await open(headers);
      expect(userOf(request)).toMatchObject({ id: userId, sessionId, roles: [] });
      client.close();
    }
  });

  test.each<[string, number, string, (accessToken: string) => Record<string, string>]>([
    ['without a token', 401, 'NO_ACCESS_TOKEN', () => ({})],
    ['with a forged token', 401, 'ACCESS_TOKEN_INVALID', (token) => bearer(`${token.slice(0, -8)}AAAAAAAA`)],
    ['with a huge token', 401, 'ACCESS_TOKEN_INVALID', () => bearer('x'.repeat(12_000))],
    ['with a forged cookie', 401, 'ACCESS_TOKEN_INVALID', () => ({ Cookie: 'accessToken=x' })],
    ['with its token in the URL', 401, 'NO_ACCESS_TOKEN', () => ({})],
    [
      'of a page of another site',
      403,
      'CROSS_SITE_REQUEST',
      (accessToken) => ({ Cookie: cookieHeader({ accessToken }), Origin: 'https://evil.example.com' }),
    ],
    [
      'of a sandboxed page',
      403,
      'CROSS_SITE_REQUEST',
      (accessToken) => ({ Cookie: cookieHeader({ accessToken }), Origin: 'null' }),
    ],
  ])('%s is refused before it is answered with 101', async (how, status, code, headersOf) => {
    const { accessToken } = await login();
    const query = how.includes('URL') ? `/?accessToken=${accessToken}&token=${accessToken}` : '/';
    const headers = { ...headersOf(accessToken), 'Accept-Language': 'ko' };
    const ended = await connect(sockets.url + query, headers).ended;
    expect(ended).toMatchObject({ status, body: { code } });
    expect(ended.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-language': 'ko',
      connection: 'close',
    });
    if (status === 401) expect(ended.headers?.['www-authenticate']).toMatch(/^Bearer/);
    expect(sockets.connections).toEqual([]);
  });

  test('with a cookie opens from a trusted origin, and with a header from any', async () => {
    const { accessToken } = await login();
    const trusted = { Cookie: cookieHeader({ accessToken }), Origin: 'https://app.example.com' };
    for (const headers of [trusted, { ...bearer(accessToken), Origin: 'https://other.example.com' }])
      (await open(headers)).client.close();
  });

  test('with a cookie of one user and a header of another is of the header, and with a bad header of no one', async () => {
    const [mine, { id }] = [await login(), await app.register('bob')];
    const other = await auth.sessions.start(id);
    const Cookie = cookieHeader({ accessToken: mine.accessToken });
    const { request, client } = await open({ Cookie, ...bearer(other.accessToken) });
    expect(userOf(request).id).toBe(id);
    client.close();
    expect(await connect(sockets.url, { Cookie, ...bearer('x.y.z') }).ended).toMatchObject({ status: 401 });
  });

  test('with several cookies takes the first whose session goes on', async () => {
    const [ended, good] = [await login(), await login()];
    await auth.sessions.revoke(userId, ended.sessionId);
    const Cookie = `accessToken=${ended.accessToken}; accessToken=${good.accessToken}`;
    const { request, client } = await open({ Cookie });
    expect(userOf(request).sessionId).toBe(good.sessionId);
    client.close();
  });

  test('is judged by the options of a guard', async () => {
    const { accessToken } = await login();
    const admins = await serve({ roles: ['admin'] });
    expect(await connect(admins.url, bearer(accessToken)).ended).toMatchObject({
      status: 403,
      body: { code: 'FORBIDDEN' },
    });
    const loaded = await serve({ loadUser: true, checkSession: true });
    const { request, client } = await open(bearer(accessToken), loaded);
    expect(userOf(request)).toMatchObject({ id: userId, username: 'ann' });
    client.close();
    const optional = await serve({ optional: true });
    const anonymous = await open({}, optional);
    expect((anonymous.request as { user?: unknown }).user).toBeUndefined();
    expect(() => auth.requireFresh(anonymous.ws, '5m')).toThrow('No access token');
    await expect(auth.renew(anonymous.ws, accessToken)).rejects.toMatchObject({
      code: 'ACCESS_TOKEN_INVALID',
    });
    anonymous.client.close();
  });

  test('reaches a server without an HTTP server of its own through the same guard', async () => {
    const wss = auth.upgrade(new WebSocketServer({ noServer: true }));
    const { server } = await serve({ optional: true });
    server.removeAllListeners('upgrade');
    server.on('upgrade', (req, socket, head) =>
      wss.handleUpgrade(req, socket, head, (ws) => ws.send(String(userOf(req).id))),
    );
    const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
    expect(await connect(url).ended).toMatchObject({ status: 401 });
    const { client } = connect(url, bearer((await login()).accessToken));
    const [message] = await once(client, 'message');
    expect(String(message)).toBe(userId);
    client.terminate();
  });
});

describe('an open socket', () => {
  test('closes with 4401 and the code when its session ends, and another session goes on', async () => {
    const [mine, other] = [await login(), await login()];
    const [first, second] = [await open(bearer(mine.accessToken)), await open(bearer(mine.accessToken))];
    const bystander = await open(bearer(other.accessToken));
    await auth.sessions.revoke(userId, mine.sessionId);
    for (const { ended, ws } of [first, second]) {
      expect(await ended).toEqual({ code: 4401, reason: 'SESSION_REVOKED' });
      expect(() => auth.requireFresh(ws, '5m')).toThrow('Session revoked');
    }
    expect(bystander.client.readyState).toBe(1);
    bystander.client.close();
  });

  test('closes when its token expires, unless it was renewed', async () => {
    const tokens = await login();
    const [stale, renewed] = [await open(bearer(tokens.accessToken)), await open(bearer(tokens.accessToken))];
    clock.advance('29m');
    const next = await auth.sessions.refresh(tokens.refreshToken);
    const user = await auth.renew(renewed.ws, next.accessToken);
    expect(user).toBe(userOf(renewed.request));
    clock.advance('2m');
    expect(() => auth.requireRoles(stale.ws, ['admin'])).toThrow('Access token expired');
    expect(await stale.ended).toEqual({ code: 4401, reason: 'ACCESS_TOKEN_EXPIRED' });
    expect(renewed.client.readyState).toBe(1);
    clock.advance('28m');
    expect(await renewed.ended).toEqual({ code: 4401, reason: 'ACCESS_TOKEN_EXPIRED' });
  });

  test('is not renewed by what is no token of its session, and goes on', async () => {
    const [mine, other] = [await login(), await login()];
    const { ws, client } = await open(bearer(mine.accessToken));
    const wrong = [other.accessToken, mine.refreshToken, 'x', 'x'.repeat(1_000_000), 7, null, {}, ['a']];
    for (const token of wrong)
      await expect(auth.renew(ws, token)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_INVALID' });
    for (const token of ['', undefined])
      await expect(auth.renew(ws, token)).rejects.toMatchObject({ code: 'NO_ACCESS_TOKEN' });
    await expect(auth.renew({}, mine.accessToken)).rejects.toThrow(
      /^renew\(\) needs a socket that this auth guards/,
    );
    expect(client.readyState).toBe(1);
    await auth.sessions.revoke(userId, mine.sessionId);
    await expect(auth.renew(ws, mine.accessToken)).rejects.toMatchObject({ code: 'SESSION_REVOKED' });
  });

  test('gets the roles of the token that renews it, and per-event checks follow', async () => {
    const tokens = await login();
    const { ws, client } = await open(bearer(tokens.accessToken));
    expect(auth.requireFresh(ws, '5m').id).toBe(userId);
    expect(() => auth.requireRoles(ws, ['admin', 'editor'])).toThrow(AuthError);
    expect(() => auth.requireRoles(ws, ['admin', 'editor'])).toThrow(AuthError);
    await users.update(userId, { roles: ['editor'] });
    await auth.renew(ws, (await auth.sessions.refresh(tokens.refreshToken)).accessToken);
    expect(auth.requireRoles(ws, ['admin', 'editor'])).toMatchObject({ id: userId, roles: ['editor'] });
    await users.update(userId, { roles: [] });
    clock.advance('6m');
    expect(() => auth.requireFresh(ws, '5m')).toThrow('Reauthentication required');
    for (const [age, got] of [
      ['soon', '"soon"'],
      ['5', '"5"'],
      [0, '0'],
      [-1, '-1'],
      [NaN, 'NaN'],
      [5n, 'a bigint'],
      [undefined, 'undefined'],
      [{}, 'an object'],
    ] as [unknown, string][])
      expect(() => auth.requireFresh(ws, age as never)).toThrow(
        new TypeError(
          `requireFresh(): maxAge must be seconds or a text with its unit such as '5m'; got ${got}`,
        ),
      );
    for (const [roles, got] of [
      [[], "a list of roles such as ['admin'], not an empty list"],
      ['admin', "a list of roles such as ['admin'], not a text"],
      [undefined, "a list of roles such as ['admin'], not undefined"],
      [['admin', ''], 'a list of texts, and has an empty text'],
      [[undefined], 'a list of texts, and has undefined'],
    ] as [unknown, string][])
      expect(() => auth.requireRoles(ws, roles as never)).toThrow(
        new TypeError(`requireRoles(): roles must be ${got}`),
      );
    client.close();
  });

  test('hands the app no message after its end, and is cut off when the client never answers the close', async () => {
    const { accessToken, sessionId } = await login();
    const raw = connectTcp(sockets.port, '127.0.0.1');
    raw.on('error', () => undefined);
    raw.write(
      [
        'GET / HTTP/1.1',
        'Host: x',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
      ].join('\r\n') +
        `\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\nAuthorization: Bearer ${accessToken}\r\n\r\n`,
    );
    await eventually('the server has it', () => Promise.resolve(sockets.connections.length > 0));
    const { ws } = sockets.connections.pop() as SocketApp['connections'][number];
    const messages: string[] = [];
    ws.on('message', (data: Buffer) => messages.push(data.toString()));
    // A masked text frame that says "a", with a mask of zeros.
    const frame = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]);
    raw.write(frame);
    await eventually('the first message comes', () => Promise.resolve(messages.length === 1));
    const closed = once(ws, 'close');
    const gone = once(raw, 'close');
    raw.resume();
    await auth.sessions.revoke(userId, sessionId);
    raw.write(frame);
    await Promise.all([closed, gone]);
    expect(messages).toEqual(['a']);
  });
});

test('what is no WebSocketServer, what is guarded already and a wrong option are TypeErrors that name the cure', () => {
  for (const wrong of [undefined, null, 'wss', {}])
    expect(() => auth.upgrade(wrong as never)).toThrow(
      /^upgrade\(\) needs a WebSocketServer of the package ws, not /,
    );
  expect(() => auth.upgrade(sockets.wss)).toThrow(/guarded already/);
  const noServer = () => new WebSocketServer({ noServer: true });
  expect(() => auth.upgrade(noServer(), { renew: true } as never)).toThrow(
    /^upgrade\(\): Unknown option renew/,
  );
  expect(() => auth.upgrade(noServer(), { freshWithin: 'x' as never })).toThrow(
    /^upgrade\(\): freshWithin must be/,
  );
  expect(() => auth.upgrade(noServer(), { httpVersion: '1.1' } as never)).toThrow(
    'upgrade() got a request in place of its options: call it once at start, as in auth.upgrade(new WebSocketServer({ server }))',
  );
});

test('an auth that was closed before its first socket keeps none open, because it hears of no sign-out', async () => {
  const { register, auth: closed } = createTestApp();
  const { accessToken } = await closed.sessions.start((await register('ann')).id);
  await closed.close();
  const served = await serveWebSockets(closed);
  closers.push(() => served.close());
  const ended = { code: 1013, reason: 'SERVICE_UNAVAILABLE' };
  expect(await connect(served.url, bearer(accessToken)).ended).toEqual(ended);
  expect(served.connections).toEqual([]);
});
