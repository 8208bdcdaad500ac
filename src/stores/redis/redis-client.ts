import type { RedisDriver } from './driver.js';
import { IoredisDriver, isIoredisClient, type IoredisClient } from './drivers/ioredis.js';
import { NodeRedisDriver } from './drivers/node-redis.js';
import {
  isNodeRedis,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
} from './drivers/node-redis-client.js';

/**
 * A Redis client that the stores take: a `Redis` or a `Cluster` of ioredis 5 or 6 or of iovalkey, or a client, a Cluster or a Sentinel
 * of node-redis 5 or 6. Connect one of node-redis with `await client.connect()` before its first use.
 */
export type RedisClient = IoredisClient | NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

/** By client, because all stores over a client share its sessions. Weak, so a client that the app drops is collected. */
const drivers = new WeakMap<object, RedisDriver>();

/**
 * The driver for a client. Clients are told apart by their members, so none of their packages is needed.
 * @throws TypeError that says what was passed instead of a client, and what to pass
 */
export function driverOf(client: RedisClient): RedisDriver {
  const driver = drivers.get(client) ?? makeDriver(client);
  drivers.set(client, driver);
  return driver;
}

const CURE =
  'pass a client of ioredis, new RedisRefreshTokenStore(new Redis(url)), or of node-redis 5 or 6, ' +
  'new RedisRefreshTokenStore(createClient({ url }))';

function makeDriver(client: unknown): RedisDriver {
  const members = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>;
  if (isIoredisClient(members)) return new IoredisDriver(client as IoredisClient);
  if (isNodeRedis(members)) return new NodeRedisDriver(client as NodeRedisClient);
  throw new TypeError(`RedisRefreshTokenStore got ${kindOf(client, members)}: ${CURE}`);
}

function kindOf(client: unknown, members: Record<string, unknown>): string {
  if (typeof client === 'string') return 'a text, not a client';
  if (client === undefined) return 'no client';
  if (typeof members['sendCommand'] !== 'function') return 'no Redis client';
  return 'execute' in members ? 'a pool of clients' : 'a client of another package, or of an older version';
}
