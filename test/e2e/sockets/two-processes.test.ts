import { createAdapter } from '@socket.io/redis-adapter';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import {
  MemoryUserStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type Auth,
  type RefreshTokenStore,
} from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';
import { createDatabase, randomPrefix, type TestDatabase } from '../../helpers/apps/backends';
import { startTcpProxy } from '../../helpers/servers/tcp-proxy';
import { connect, serveWebSockets } from '../../helpers/sockets/web-sockets';

let database: TestDatabase;
const closing: (() => unknown)[] = [];
const users = new MemoryUserStore();
const keyPrefix = randomPrefix();
let userId: string;

beforeAll(async () => {
  database = await createDatabase();
  await new PostgresRefreshTokenStore(database.pool).migrate();
  userId = (await users.create({ username: 'ann', passwordHash: null })).id;
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await database.close();
});

const redisUrl = () => new URL(process.env['TEST_REDIS_URL'] as string);
function redisAt(url: URL): Redis {
  const redis = new Redis(url.href);
  closing.push(() => redis.disconnect());
  return redis;
}

/** Each call makes a client of its own, as each process does. */
const stores: Record<string, () => RefreshTokenStore> = {
  Redis: () => new RedisRefreshTokenStore(redisAt(redisUrl()), { keyPrefix }),
  PostgreSQL() {
    const pool = new Pool({ connectionString: database.url });
    closing.push(() => pool.end());
    return new PostgresRefreshTokenStore(pool);
  },
};

async function startAuth(refreshTokens: RefreshTokenStore): Promise<Auth> {
  const { auth } = createTestApp({ users, refreshTokens });
  closing.push(() => auth.close());
  await auth.ready();
  return auth;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

test.each(Object.keys(stores))(
  'with sessions in %s a sign-out in one process closes the socket in the other',
  async (kind) => {
    const make = stores[kind] as () => RefreshTokenStore;
    const [here, there] = [await startAuth(make()), await startAuth(make())];
    const served = await serveWebSockets(there);
    closing.push(() => served.close());
    const [mine, other] = [await here.sessions.start(userId), await here.sessions.start(userId)];
    const [first, second] = [
      connect(served.url, bearer(mine.accessToken)),
      connect(served.url, bearer(other.accessToken)),
    ];
    await Promise.all([first.opened, second.opened]);
    await here.sessions.revoke(userId, mine.sessionId);
    expect(await first.ended).toEqual({ code: 4401, reason: 'SESSION_REVOKED' });
    expect(second.client.readyState).toBe(1);
    await there.close();
    expect(await second.ended).toEqual({ code: 1013, reason: 'SERVICE_UNAVAILABLE' });
  },
);

test('socket.io with the adapter for Redis: broadcasts reach both processes, and a sign-out reaches the socket of its session', async () => {
  const make = stores['Redis'] as () => RefreshTokenStore;
  const urls: string[] = [];
  const servers: Server[] = [];
  const auths = [await startAuth(make()), await startAuth(make())];
  for (const auth of auths) {
    const server = new Server(createServer().listen(0, '127.0.0.1'), {
      adapter: createAdapter(redisAt(redisUrl()), redisAt(redisUrl()), { key: keyPrefix }),
    });
    server.use(auth.socketIo());
    server.on('connection', (socket) => socket.emit('hello'));
    const http = (server as unknown as { httpServer: ReturnType<typeof createServer> }).httpServer;
    if (!http.listening) await once(http, 'listening');
    urls.push(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    servers.push(server);
    closing.push(() => server.close());
  }
  const [here] = auths as [Auth];
  const logins = [await here.sessions.start(userId), await here.sessions.start(userId)] as const;
  const clients: Socket[] = [];
  for (const [index, { accessToken }] of logins.entries()) {
    const options = {
      auth: { token: accessToken },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    };
    const client = io(urls[index] as string, options);
    closing.push(() => client.disconnect());
    await new Promise<void>((resolve) => client.on('hello', resolve));
    clients.push(client);
  }
  const [first, second] = clients as [Socket, Socket];
  const heard = Promise.all(clients.map((client) => new Promise((resolve) => client.on('news', resolve))));
  servers[0]?.emit('news', 'to all');
  expect(await heard).toEqual(['to all', 'to all']);
  const told = new Promise((resolve) => second.on('auth.ended', resolve));
  await here.sessions.revoke(userId, logins[1].sessionId);
  expect(await told).toEqual({ code: 'SESSION_REVOKED' });
  expect(first.connected).toBe(true);
});

test("onStoreDown: 'deny' closes open sockets while revocations may be missed, and other sockets go on", async () => {
  const proxy = await startTcpProxy(Number(redisUrl().port));
  closing.push(() => proxy.close());
  const url = redisUrl();
  url.port = String(proxy.port);
  const auth = await startAuth(new RedisRefreshTokenStore(redisAt(url), { keyPrefix }));
  const [strict, lenient] = [
    await serveWebSockets(auth, { onStoreDown: 'deny' }),
    await serveWebSockets(auth),
  ];
  closing.push(
    () => strict.close(),
    () => lenient.close(),
  );
  const { accessToken } = await auth.sessions.start(userId);
  const [denied, allowed] = [
    connect(strict.url, bearer(accessToken)),
    connect(lenient.url, bearer(accessToken)),
  ];
  await Promise.all([denied.opened, allowed.opened]);
  proxy.cut();
  expect(await denied.ended).toEqual({ code: 1013, reason: 'SERVICE_UNAVAILABLE' });
  expect(await connect(strict.url, bearer(accessToken)).ended).toMatchObject({
    status: 503,
    body: { code: 'SERVICE_UNAVAILABLE' },
    headers: { 'retry-after': expect.any(String) },
  });
  expect(allowed.client.readyState).toBe(1);
  proxy.restore();
  await auth.ready();
  const again = connect(strict.url, bearer(accessToken));
  await again.opened;
});
