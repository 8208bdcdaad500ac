import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'iovalkey';
import { RedisRefreshTokenStore } from '../../src';
import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { randomPrefix } from '../helpers/apps/backends';
import { IOVALKEY, sharedRedisUrl, type ConnectedClient } from '../helpers/apps/redis-clients';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { healed } from '../helpers/healed';
import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type TestCluster,
  type TestServer,
} from '../helpers/servers/servers';
import { waitUntilReplicated } from '../helpers/servers/wait-until-replicated';
import { newSession } from './samples';
import { within } from '../helpers/within';

const LIMIT_MS = 2000;
const rotation = {
  ...{ userId: 'ann', sessionId: 'one', generation: 1 },
  ...{ expiresInSeconds: 3600, maxLifetimeSeconds: 3600, reuseWindowSeconds: 1 },
};

let closing: (() => unknown)[] = [];
afterEach(async () => {
  useCallTimes(PATIENT);
  for (const close of closing.reverse()) await close();
  closing = [];
});

describe('on a single node', () => {
  const redis = new Redis(sharedRedisUrl());
  afterAll(() => redis.quit());
  // Without a cast: the types of iovalkey fit.
  const keyPrefix = randomPrefix();
  const store = () => new RedisRefreshTokenStore(redis, { keyPrefix });

  runContract(refreshTokenStoreContract(store));
  runContract(revocationContract(store));
  runContract(oneTimeTokenStoreContract(() => store().oneTimeTokens()));
});

describe('on a Cluster', () => {
  let cluster: TestCluster;
  let app: ConnectedClient;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    app = await IOVALKEY.connectCluster(cluster);
  });
  afterAll(async () => {
    app.end();
    await cluster.stop();
  });
  const store = () => new RedisRefreshTokenStore(app.client);

  runContract(refreshTokenStoreContract(store));
  runContract(revocationContract(store));
  runContract(oneTimeTokenStoreContract(() => store().oneTimeTokens()));
});

/** A session, and servers of which the master is about to be lost. */
interface Deployment {
  readonly client: ConnectedClient;
  readonly master: TestServer;
  stop(): Promise<void>;
}

const deployments: Record<string, () => Promise<Deployment>> = {
  async Sentinel() {
    const { servers, stop, ...names } = await startRedisSentinel();
    return { client: await IOVALKEY.connectSentinel(names), master: servers[0], stop };
  },
  async Cluster() {
    const cluster = await startRedisCluster({ replicas: true });
    return {
      client: await IOVALKEY.connectCluster(cluster),
      master: await cluster.masterOf('visa:{ann}'),
      stop: () => cluster.stop(),
    };
  },
};

test.each(Object.keys(deployments))('a %s fails over without a session lost', async (kind) => {
  const { client, master, stop } = await (deployments[kind] as () => Promise<Deployment>)();
  closing.push(stop, () => client.end());
  const store = new RedisRefreshTokenStore(client.client);
  await store.create(newSession('ann', 'one'));
  await waitUntilReplicated(master, 'visa:{ann}:last');
  useCallTimes(REAL);
  await master.kill();
  await expect(within(LIMIT_MS, () => store.rotate(rotation))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  await healed(() => store.list('ann'));
  expect((await store.find('ann', 'one'))?.generation).toBe(0);
  expect((await store.rotate(rotation)).outcome).toBe('rotated');
});

test('a frozen server is an outage, and no rotation runs later', async () => {
  const server = await startRedis();
  const client = await IOVALKEY.connect(server.url);
  closing.push(
    () => server.stop(),
    () => client.end(),
  );
  const store = new RedisRefreshTokenStore(client.client);
  await store.create(newSession('ann', 'one'));
  useCallTimes(REAL);
  server.freeze();
  await expect(within(LIMIT_MS, () => store.rotate(rotation))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  await sleep(REAL.writeDeadline + 1000);
  server.thaw();
  await healed(() => store.list('ann'));
  expect((await store.find('ann', 'one'))?.generation).toBe(0);
});
