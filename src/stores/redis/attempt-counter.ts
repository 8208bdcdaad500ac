import { RateLimiterRedis } from 'rate-limiter-flexible';
import { limiterCounter, type AttemptCounter } from '../attempt-counter.js';
import type { BoundedRedis, RedisClient, RedisScript } from './client.js';

/**
 * One script, so that no other attempt and no outage comes between its steps. Run twice, after a reconnect, it takes back one
 * too many: a guess more for somebody, once.
 */
export const attemptScripts: Readonly<Record<string, RedisScript>> = {
  visaTakeBackAttempt: {
    numberOfKeys: 1,
    lua: `
      if redis.call('PTTL', KEYS[1]) < 0 then return end
      if redis.call('INCRBY', KEYS[1], -1) <= 0 then redis.call('DEL', KEYS[1]) end`,
  },
};

/** @param redis knows `attemptScripts` */
export function redisAttemptCounter(
  client: RedisClient,
  redis: BoundedRedis,
  keyPrefix: string,
  windowSeconds: number,
): AttemptCounter {
  const limiter = new RateLimiterRedis({
    storeClient: client,
    keyPrefix,
    points: 1,
    duration: windowSeconds,
  });
  return limiterCounter(limiter, redis.run, {
    async decrement(key) {
      await redis.call('visaTakeBackAttempt', limiter.getKey(key));
    },
    async has(key) {
      return Number(await redis.call('pttl', limiter.getKey(key))) > 0;
    },
  });
}
