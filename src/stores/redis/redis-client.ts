import type { RedisDriver } from './driver.js';
import { IoredisDriver, isIoredisClient, type IoredisClient } from './drivers/ioredis.js';

/** A Redis client that the stores take. */
export type RedisClient = IoredisClient;

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

function makeDriver(client: unknown): RedisDriver {
  const members = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>;
  if (isIoredisClient(members)) return new IoredisDriver(client as IoredisClient);
  const cure = 'pass a client of ioredis: new RedisRefreshTokenStore(new Redis(url))';
  if (typeof client === 'string')
    throw new TypeError(`RedisRefreshTokenStore got a text, not a client: ${cure}`);
  if (typeof members['sendCommand'] === 'function')
    throw new TypeError(`RedisRefreshTokenStore got a client of the package redis (node-redis): ${cure}`);
  throw new TypeError(
    `RedisRefreshTokenStore got ${client === undefined ? 'no client' : 'no Redis client'}: ${cure}`,
  );
}
