import type { Redis } from 'ioredis';
import { CommandError } from './cli-error.js';
import { placeOf, requiredSetting } from './environment.js';
import { optionalPackage } from './optional-package.js';
import { CONNECT_TIMEOUT_MS } from './postgres.js';
import { reasonOf } from './reason.js';

const OPTIONS = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: CONNECT_TIMEOUT_MS,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
};

/** @returns what `work` does; the connection is closed before */
export async function withRedis<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
  const url = requiredSetting('REDIS_URL', 'redis://…');
  const place = placeOf('REDIS_URL', url, ['redis:', 'rediss:']);
  const { Redis } = await optionalPackage('ioredis', () => import('ioredis'));
  const redis = new Redis(url, OPTIONS);
  let reason: unknown;
  redis.on('error', (error) => (reason ??= error));
  try {
    // Any command that every user may give, or is told that they may not: an answer either way.
    await connect(redis).catch((error: unknown) => {
      throw new CommandError(`Redis at ${place} can't be used: ${reasonOf(reason ?? error)}`, {
        cause: error,
      });
    });
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function connect(redis: Redis): Promise<void> {
  await redis.connect();
  try {
    await redis.ping();
  } catch (error) {
    // Not in the list of what the store needs, so that a careful administrator may have left it out.
    if (!(error as Error).message.startsWith('NOPERM')) throw error;
  }
}
