import { RESP_TYPES } from 'redis';
import * as redis6 from 'redis';
import * as redis5Types from 'redis5';
import { RedisRefreshTokenStore, type Revocation } from '../../src';
import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { randomPrefix } from '../helpers/apps/backends';
import {
  NODE_REDIS,
  REDIS_PACKAGES,
  sharedRedisUrl,
  type ConnectedClient,
} from '../helpers/apps/redis-clients';
import { eventually } from '../helpers/eventually';
import { newFollower, newSession, newToken } from './samples';

/** As if it were version 6: the types of the two are incompatible. */
const redis5 = redis5Types as unknown as typeof redis6;

/** One case takes seconds, because it ends thousands of sessions. It runs on ioredis, with the same scripts. */
const quick = ({ name }: { name: string }) => !name.includes('thousands');

let open: ConnectedClient[] = [];
afterEach(() => {
  for (const { end } of open) end();
  open = [];
});

async function connect(name: keyof typeof REDIS_PACKAGES): Promise<ConnectedClient> {
  const connected = await REDIS_PACKAGES[name].connect(sharedRedisUrl());
  open.push(connected);
  return connected;
}

describe.each(Object.entries(NODE_REDIS))('on a client of %s', (_name, library) => {
  const keyPrefix = randomPrefix();
  let connected: ConnectedClient;
  const store = () => new RedisRefreshTokenStore(connected.client, { keyPrefix });

  beforeAll(async () => {
    connected = await library.connect(sharedRedisUrl());
  });
  afterAll(() => connected.end());

  runContract(refreshTokenStoreContract(store));
  runContract(revocationContract(store).filter(quick));
  runContract(oneTimeTokenStoreContract(() => store().oneTimeTokens()));

  test('the store counts attempts, and tells its time', async () => {
    const counter = store().attemptCounter('login', 60);
    expect(await counter.increment('ann')).toMatchObject({ count: 1 });
    expect(await counter.increment('ann')).toEqual({
      count: 2,
      msBeforeReset: expect.any(Number) as number,
    });
    expect(await counter.has?.('ann')).toBe(true);
    await counter.decrement('ann');
    await counter.reset('ann');
    expect(await counter.has?.('ann')).toBe(false);
    await counter.hold('ann', 60);
    expect(await counter.has?.('ann')).toBe(true);
    expect(Math.abs((await store().time()) - Date.now())).toBeLessThan(60_000);
  });

  test('the scripts survive SCRIPT FLUSH', async () => {
    await store().create(newSession('flushed', 'one'));
    await connected.send('SCRIPT', 'FLUSH');
    await store().create(newSession('flushed', 'two'));
    expect(await store().list('flushed')).toHaveLength(2);
  });

  test('a hundred stores share the listeners', async () => {
    const stores = Array.from({ length: 100 }, store);
    expect(await Promise.all(stores.map((each) => each.list('nobody')))).toEqual(stores.map(() => []));
    for (const event of ['error', 'ready', 'end'])
      expect(connected.client.listeners(event).length).toBeLessThanOrEqual(1);
  });
});

/** What an app may have told node-redis. */
const asBuffers = {
  [RESP_TYPES.BLOB_STRING]: Buffer,
  [RESP_TYPES.SIMPLE_STRING]: Buffer,
  [RESP_TYPES.NUMBER]: String,
};
const SETTINGS: [string, () => ReturnType<typeof redis6.createClient>][] = [
  ['node-redis 6 with RESP 2', () => redis6.createClient({ url: sharedRedisUrl(), RESP: 2 }) as never],
  ['node-redis 5 with RESP 3', () => redis5.createClient({ url: sharedRedisUrl(), RESP: 3 }) as never],
  ...[redis6, redis5].flatMap(({ createClient }, at): typeof SETTINGS => [
    [
      `node-redis ${6 - at} that maps all answers to Buffers and texts`,
      () => createClient({ url: sharedRedisUrl(), commandOptions: { typeMapping: asBuffers } }) as never,
    ],
    [
      `node-redis ${6 - at} behind withTypeMapping()`,
      () => createClient({ url: sharedRedisUrl() }).withTypeMapping(asBuffers) as never,
    ],
    [
      `node-redis ${6 - at} without a queue, with a name, pings and short limits`,
      () =>
        createClient({
          ...{ url: sharedRedisUrl(), name: 'app', disableOfflineQueue: true, pingInterval: 50 },
          socket: { socketTimeout: 700 },
        }) as never,
    ],
  ]),
];

test.each(SETTINGS)('a session, a revocation, a token and a limit work over %s', async (_what, create) => {
  const client = create();
  await client.connect();
  open.push({ client, send: () => Promise.resolve(), end: () => client.destroy() });
  const keyPrefix = randomPrefix();
  const store = new RedisRefreshTokenStore(client, { keyPrefix });
  const received: Revocation[] = [];
  let lost = 0;
  const feed = store.followRevocations(
    newFollower({ onRevoked: (each) => void received.push(each), onLost: () => void (lost += 1) }),
  );
  const session = newSession('ann', 'one');
  await store.create(session);
  expect(await store.find('ann', 'one')).toMatchObject({ sessionId: 'one', generation: 0 });
  const lifetimes = { expiresInSeconds: 60, maxLifetimeSeconds: 60, reuseWindowSeconds: 0 };
  const rotation = { userId: 'ann', sessionId: 'one', generation: 1, ...lifetimes };
  expect((await store.rotate(rotation)).outcome).toBe('rotated');
  const token = newToken();
  await store.oneTimeTokens().create(token);
  expect(await store.oneTimeTokens().take(token.purpose, token.hash)).toMatchObject({ hash: token.hash });
  expect(await store.attemptCounter('login', 60).increment('ann')).toMatchObject({ count: 1 });
  expect(await store.revoke('ann', 'one')).toBe(true);
  await eventually('the revocation arrives', () => Promise.resolve(received.length > 0));
  expect([received, lost]).toEqual([[{ userId: 'ann', sessionIds: ['one'] }], 0]);
  feed.close();
});

describe('half a fleet on ioredis and half on node-redis', () => {
  const other = {
    ioredis: 'node-redis 6',
    'node-redis 6': 'node-redis 5',
    'node-redis 5': 'ioredis',
  } as const;

  test.each(Object.entries(other))(
    '%s and %s share sessions, revocations and limits',
    async (here, there) => {
      const keyPrefix = randomPrefix();
      const clients = [await connect(here as keyof typeof other), await connect(there)];
      const [one, two] = clients.map(({ client }) => new RedisRefreshTokenStore(client, { keyPrefix })) as [
        RedisRefreshTokenStore,
        RedisRefreshTokenStore,
      ];
      const received: Revocation[] = [];
      const feeds = [
        one.followRevocations(newFollower()),
        two.followRevocations(newFollower({ onRevoked: (each) => void received.push(each) })),
      ];
      const lifetimes = { expiresInSeconds: 60, maxLifetimeSeconds: 60, reuseWindowSeconds: 30 };
      const rotate = (store: RedisRefreshTokenStore, generation: number) =>
        store.rotate({ userId: 'ann', sessionId: 'one', generation, ...lifetimes });
      await one.create(newSession('ann', 'one'));
      const [first, second] = await Promise.all([rotate(one, 1), rotate(two, 1)]);
      expect([first.outcome, second.outcome].sort()).toEqual(['replayed', 'rotated']);
      expect((await rotate(two, 2)).outcome).toBe('rotated');
      expect((await rotate(one, 1)).outcome).toBe('reused');
      await eventually('the revocation arrives', () => Promise.resolve(received.length > 0));
      expect(received).toEqual([{ userId: 'ann', sessionIds: ['one'] }]);
      expect((await rotate(two, 3)).outcome).toBe('unknown');

      const [counted, alsoCounted] = [one.attemptCounter('login', 60), two.attemptCounter('login', 60)];
      expect(await counted.increment('ann')).toMatchObject({ count: 1 });
      expect(await alsoCounted.increment('ann')).toMatchObject({ count: 2 });
      await counted.reset('ann');
      expect(await alsoCounted.has?.('ann')).toBe(false);

      const token = newToken();
      await one.oneTimeTokens().create(token);
      expect(await two.oneTimeTokens().take(token.purpose, token.hash)).toMatchObject({ hash: token.hash });
      expect(await one.oneTimeTokens().take(token.purpose, token.hash)).toBeUndefined();
      for (const feed of feeds) feed.close();
    },
  );
});

describe.each([
  ['node-redis 6', redis6],
  ['node-redis 5', redis5],
])('a client of %s', (_name, library) => {
  const { createClient, createCluster, createSentinel, createClientPool } = library;
  const nodes = [{ host: '127.0.0.1', port: 1 }];

  test.each([
    ['client', () => createClient()],
    ['Cluster', () => createCluster({ rootNodes: nodes.map((socket) => ({ socket })) })],
    ['Sentinel', () => createSentinel({ name: 'sessions', sentinelRootNodes: nodes })],
  ])('is taken before it is connected (%s), and its first call names the cure', async (_kind, create) => {
    const store = new RedisRefreshTokenStore(create());
    const refusal = {
      name: 'TypeError',
      message: expect.stringContaining('await client.connect()') as string,
    };
    await expect(store.list('ann')).rejects.toMatchObject(refusal);
    await expect(store.attemptCounter('login', 60).increment('ann')).rejects.toMatchObject(refusal);
    await expect(store.oneTimeTokens().removeAll('ann')).rejects.toMatchObject(refusal);
  });

  test('may connect after the store has been made', async () => {
    const client = createClient({ url: sharedRedisUrl() });
    const store = new RedisRefreshTokenStore(client, { keyPrefix: randomPrefix() });
    void client.connect();
    expect(await store.list('ann')).toEqual([]);
    client.destroy();
    await expect(store.list('ann')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  test('keeps to the database of its URL, whatever the app selects later', async () => {
    const client = createClient({ url: `${sharedRedisUrl()}/3` });
    await client.connect();
    const store = new RedisRefreshTokenStore(client, { keyPrefix: randomPrefix() });
    await store.create(newSession('ann', 'one'));
    await client.select(4);
    expect(await store.list('ann')).toHaveLength(1);
    client.destroy();
  });

  test('is refused if it is a pool', () => {
    const make = () => new RedisRefreshTokenStore(createClientPool() as never);
    expect(make).toThrow('got a pool of clients: pass a client of ioredis');
  });
});
