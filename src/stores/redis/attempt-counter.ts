import { limiterCounter, loadLimiters, type AttemptCounter } from '../attempt-counter.js';
import type { BoundedRedis, RedisScript } from './client.js';
import type { RedisClient } from './redis-client.js';

/**
 * Takes an attempt back in one script, so no other attempt and no outage can come between its steps. If ioredis sends the script
 * again after a reconnect, it takes back one attempt too many, which allows one more guess.
 */
export const attemptScripts: Readonly<Record<string, RedisScript>> = {
  visaTakeBackAttempt: {
    numberOfKeys: 1,
    lua: `
      if redis.call('PTTL', KEYS[1]) < 0 then return end
      if redis.call('INCRBY', KEYS[1], -1) <= 0 then redis.call('DEL', KEYS[1]) end`,
  },
};

/** @param redis a client that was made with `attemptScripts` */
export function redisAttemptCounter(
  redis: BoundedRedis,
  keyPrefix: string,
  windowSeconds: number,
): AttemptCounter {
  const { RateLimiterRedis } = loadLimiters();
  const limiterOver = (client: RedisClient) =>
    new RateLimiterRedis({ storeClient: client, keyPrefix, points: 1, duration: windowSeconds });
  let [client, limiter] = [redis.client, limiterOver(redis.client)];
  const limiterNow = () => {
    if (client !== redis.client) [client, limiter] = [redis.client, limiterOver(redis.client)];
    return limiter;
  };
  return limiterCounter(limiterNow, redis.run, {
    async decrement(key) {
      await redis.call('visaTakeBackAttempt', limiter.getKey(key));
    },
    async has(key) {
      return Number(await redis.call('pttl', limiter.getKey(key))) > 0;
    },
  });
}
