import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { MemoryRefreshTokenStore, type Session } from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { connect, serveWebSockets, type SocketApp } from '../../helpers/sockets/web-sockets';

/** A store whose answer to `find` is under way as long as the test wants. */
class SlowStore extends MemoryRefreshTokenStore {
  waiting: (() => void)[] = [];
  isSlow = false;
  override async find(userId: string, sessionId: string): Promise<Session | undefined> {
    const found = await super.find(userId, sessionId);
    if (this.isSlow) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return found;
  }
  release(): void {
    this.isSlow = false;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

const store = new SlowStore();
const app = createTestApp({ refreshTokens: store });
const { auth } = app;
let userId: string;
let sockets: SocketApp;

beforeAll(async () => {
  userId = (await app.register('ann')).id;
  sockets = await serveWebSockets(auth, { checkSession: true });
});
afterEach(async () => {
  store.release();
  await eventually('no connection is left', async () => (await connectionCount()) === 0);
  expect([sockets.wss.clients.size, sockets.connections]).toEqual([0, []]);
});
afterAll(async () => {
  await sockets.close();
  await auth.close();
});

const connectionCount = () =>
  new Promise<number>((resolve, reject) =>
    sockets.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

/** A client that says what it likes. */
function raw(text: string): Socket {
  const socket = connectTcp(sockets.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}

const upgradeWith = (...lines: string[]) =>
  [
    'GET / HTTP/1.1',
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
    ...lines,
    '\r\n',
  ].join('\r\n');

/** All that the server says until it ends the connection. */
async function answerTo(text: string): Promise<string> {
  const socket = raw(text);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  await once(socket, 'close');
  return answer;
}

test('handshakes that never finish end when the HTTP server gives them up', async () => {
  const half = Array.from({ length: 50 }, () => raw(upgradeWith().slice(0, 60)));
  await eventually('they are connected', async () => (await connectionCount()) === half.length);
  // What Node does after server.headersTimeout, a minute by default.
  sockets.server.closeAllConnections();
  await Promise.all(half.map((each) => once(each, 'close')));
});

test.each<[string, () => string[]]>([
  ['no token', () => []],
  ['a token that is no token', () => ['Authorization: Bearer a.b.c']],
  ['two headers', () => ['Authorization: Bearer a', 'Authorization: Bearer b']],
  ['an empty bearer', () => ['Authorization: Bearer ']],
  [
    'eighty cookies',
    () => [`Cookie: ${Array.from({ length: 80 }, (_, n) => `accessToken=${n}`).join('; ')}`],
  ],
  ['a cookie that can not be decoded', () => ['Cookie: accessToken=%E0%A4%A']],
  ['a body behind it', () => ['Content-Length: 5', '', 'hello']],
])(
  'a handshake with %s gets 401, and the connection ends though the client keeps it',
  async (_what, lines) => {
    const answer = await answerTo(upgradeWith(...lines()));
    expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(answer).toMatch(/\r\n\r\n\{"code":"(NO_ACCESS_TOKEN|ACCESS_TOKEN_INVALID)"/);
  },
);

test('a handshake behind a request that is not answered yet ends the connection, and not the process', async () => {
  sockets.server.once('request', () => undefined);
  expect(await answerTo(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${upgradeWith()}`)).not.toMatch(/ 101 /);
});

test('a handshake with a good token that is no WebSocket is refused by ws', async () => {
  const { accessToken } = await auth.sessions.start(userId);
  const answer = await answerTo(
    upgradeWith(`Authorization: Bearer ${accessToken}`).replace('Version: 13', 'Version: 7'),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

test('clients that leave while the store is asked end the handshake and not the process', async () => {
  const { accessToken } = await auth.sessions.start(userId);
  store.isSlow = true;
  const clients = Array.from({ length: 20 }, () => raw(upgradeWith(`Authorization: Bearer ${accessToken}`)));
  await eventually('the store is asked', () => Promise.resolve(store.waiting.length === clients.length));
  for (const [index, client] of clients.entries()) {
    if (index % 2 === 0) client.resetAndDestroy();
    else client.destroy();
  }
  await eventually('some have gone', async () => (await connectionCount()) <= clients.length / 2);
  store.release();
});

test('a session that ends while the store is asked gets no socket', async () => {
  const { accessToken, sessionId } = await auth.sessions.start(userId);
  store.isSlow = true;
  const { ended } = connect(sockets.url, { Authorization: `Bearer ${accessToken}` });
  await eventually('the store is asked', () => Promise.resolve(store.waiting.length === 1));
  await auth.sessions.revoke(userId, sessionId);
  store.release();
  expect(await ended).toMatchObject({ status: 401, body: { code: 'SESSION_REVOKED' } });
});

test('a session that ends while the store is asked for a renewal closes the socket, and renews nothing', async () => {
  const { accessToken, sessionId } = await auth.sessions.start(userId);
  const { opened, ended } = connect(sockets.url, { Authorization: `Bearer ${accessToken}` });
  await opened;
  await eventually('the server has it', () => Promise.resolve(sockets.connections.length === 1));
  const [{ ws }] = sockets.connections.splice(0) as [(typeof sockets.connections)[number]];
  store.isSlow = true;
  const renewals = Promise.allSettled(Array.from({ length: 20 }, () => auth.renew(ws, accessToken)));
  await eventually('the store is asked', () => Promise.resolve(store.waiting.length === 20));
  const gone = once(ws, 'close');
  await auth.sessions.revoke(userId, sessionId);
  await gone;
  expect(await ended).toEqual({ code: 4401, reason: 'SESSION_REVOKED' });
  store.release();
  for (const each of await renewals)
    expect(each).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_REVOKED' } });
});
