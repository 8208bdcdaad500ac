import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { PostgresRefreshTokenStore, RedisRefreshTokenStore, type RefreshTokenStore } from '../../src';
import { createDatabase, randomPrefix } from '../helpers/apps/backends';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { eventually } from '../helpers/eventually';
import { healed } from '../helpers/healed';
import { startRedis } from '../helpers/servers/servers';
import { newSession } from './samples';

afterEach(() => useCallTimes(PATIENT));

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const rotation = {
  userId: 'ann',
  sessionId: 'one',
  generation: 1,
  attempt: undefined,
  expiresInSeconds: 3600,
  maxLifetimeSeconds: 3600,
  reuseWindowSeconds: 1,
  now: undefined,
};
const generationOf = async (store: RefreshTokenStore) => (await store.find('ann', 'one'))?.generation;
/** Longer than the deadline of a rotation. */
const OUTAGE_MS = REAL.writeDeadline + 1000;

test('the first rotation of a process never runs after a freeze of Redis', async () => {
  const server = await startRedis();
  const [other, redis] = [new Redis(server.url), new Redis(server.url)];
  try {
    const keyPrefix = randomPrefix();
    await new RedisRefreshTokenStore(other, { keyPrefix }).create(newSession('ann', 'one'));
    const store = new RedisRefreshTokenStore(redis, { keyPrefix });
    await store.time();
    useCallTimes(REAL);
    server.freeze();
    await expect(store.rotate(rotation)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await sleep(OUTAGE_MS);
    server.thaw();
    await eventually('Redis answers', async () => (await redis.ping()) === 'PONG');
    await healed(() => store.list('ann'));
    expect(await generationOf(store)).toBe(0);
  } finally {
    server.thaw();
    for (const client of [other, redis]) client.disconnect();
    await server.stop();
  }
});

test('a rotation that waits too long for a connection of the pool never runs', async () => {
  const database = await createDatabase();
  const pool = new Pool({ connectionString: database.url, max: 1 });
  try {
    const store = new PostgresRefreshTokenStore(pool);
    await store.migrate();
    await store.create(newSession('ann', 'one'));
    await store.time();
    const busy = await pool.connect();
    useCallTimes(REAL);
    await expect(store.rotate(rotation)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await sleep(OUTAGE_MS);
    busy.release();
    useCallTimes(PATIENT);
    // The pool serves in order, so this read comes after the rotation.
    expect(await generationOf(store)).toBe(0);
    await expect(store.rotate(rotation)).resolves.toMatchObject({ outcome: 'rotated' });
  } finally {
    await pool.end();
    await database.close();
  }
});

test('the connection of our own stays in the database that the app selected before its first use', async () => {
  const server = await startRedis();
  const redis = new Redis(server.url);
  try {
    await redis.select(3);
    const store = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
    await store.create(newSession('ann', 'one'));
    useCallTimes(REAL);
    server.freeze();
    // After the first round the store asks the server whether it answers at all; the second takes longer than it waits for that.
    for (let round = 0; round < 2; round += 1)
      await Promise.allSettled(Array.from({ length: 6 }, () => store.list('ann')));
    server.thaw();
    await healed(() => store.list('ann'));
    expect(await store.list('ann')).toHaveLength(1);
    const lines = (await redis.client('LIST')) as string;
    expect(lines.match(/ db=3 /g)).toHaveLength(2);
    await redis.select(4);
    expect(await store.list('ann')).toHaveLength(1);
  } finally {
    server.thaw();
    redis.disconnect();
    await server.stop();
  }
});
