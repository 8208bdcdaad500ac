import type { Redis } from 'ioredis';
import { CommandError, reasonOf } from './describe-error.js';
import { placeOf, requiredSetting } from './environment.js';
import { optionalPackage } from './optional-package.js';
import { CONNECT_TIMEOUT_MS } from './postgres.js';

const OPTIONS = {
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: CONNECT_TIMEOUT_MS,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  enableReadyCheck: false, // it would ask INFO, and warn whoever may not
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
    await connect(redis).catch((error: unknown) => {
      const cause = reason ?? error;
      throw new CommandError(`Redis at ${place} can't be used: ${reasonOf(cause)}`, { cause });
    });
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** ioredis limits each step alone: the connection, the greeting, the first question. */
async function connect(redis: Redis): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const tooLate = new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`);
    timer = setTimeout(() => reject(tooLate), CONNECT_TIMEOUT_MS);
  });
  try {
    await Promise.race([greet(redis), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function greet(redis: Redis): Promise<void> {
  await redis.connect();
  try {
    await redis.ping();
  } catch (error) {
    // The store never asks for it, so that a careful administrator may have left it out.
    if (!(error as Error).message.startsWith('NOPERM')) throw error;
  }
}
