import type { Redis } from 'ioredis';
import { withinTime } from '../utils/within-time.js';
import { CommandError, reasonOf } from './describe-error.js';
import { hostOf, requiredSetting } from './environment.js';
import { optionalPackage } from './optional-package.js';
import { CONNECT_TIMEOUT_MS } from './postgres.js';

const OPTIONS = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: CONNECT_TIMEOUT_MS,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  enableReadyCheck: false, // it sends INFO, and prints a warning where that is forbidden
};

/**
 * Connects to REDIS_URL, runs `work` and closes the connection.
 * @throws UsageError when REDIS_URL is missing or wrong
 * @throws CommandError when `ioredis` is not installed, or the server can't be used
 */
export async function withRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
  const url = requiredSetting('REDIS_URL', 'redis://…');
  const place = hostOf('REDIS_URL', url, ['redis:', 'rediss:']);
  const { Redis } = await optionalPackage('ioredis', () => import('ioredis'));
  const redis = new Redis(url, OPTIONS);
  let reason: unknown;
  redis.on('error', (error) => (reason ??= error));
  try {
    await connectInTime(redis).catch((error: unknown) => {
      const cause = reason ?? error;
      throw new CommandError(`Redis at ${place} can't be used: ${reasonOf(cause)}`, { cause });
    });
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Limits the whole connection attempt. ioredis limits each of its steps separately. */
function connectInTime(redis: Redis): Promise<void> {
  const tooLate = () => new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`);
  return withinTime(connectAndPing(redis), CONNECT_TIMEOUT_MS, tooLate);
}

async function connectAndPing(redis: Redis): Promise<void> {
  await redis.connect();
  try {
    await redis.ping();
  } catch (error) {
    // The store never sends PING, so a Redis user with few rights may not be allowed to. The connection works all the same.
    if (!(error as Error).message.startsWith('NOPERM')) throw error;
  }
}
