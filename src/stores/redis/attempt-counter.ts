import { limiterCounter, loadLimiters, type AttemptCounter } from '../attempt-counter.js';
import type { BoundedRedis } from './client.js';
import type { RedisScript } from './driver.js';

const onOneKey = (lua: string): RedisScript => ({ numberOfKeys: 1, lua });

/**
 * What the limiter does in commands of its own, which would run in the database that the app has selected. If ioredis sends
 * `visaTakeBackAttempt` again after a reconnect, it takes back one attempt too many, which allows one more guess.
 */
export const attemptScripts = {
  /** One script, so no other attempt and no outage can come between its steps. */
  visaTakeBackAttempt: onOneKey(`
    if redis.call('PTTL', KEYS[1]) < 0 then return end
    if redis.call('INCRBY', KEYS[1], -1) <= 0 then redis.call('DEL', KEYS[1]) end`),

  /** ARGV: for how many milliseconds. */
  visaHoldAttempt: onOneKey(`redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])`),

  visaResetAttempts: onOneKey(`redis.call('DEL', KEYS[1])`),

  visaHasAttempts: onOneKey(`return redis.call('PTTL', KEYS[1]) > 0 and 1 or 0`),
};

/** @param redis a client that was made with `attemptScripts` */
export function redisAttemptCounter(
  redis: BoundedRedis,
  keyPrefix: string,
  windowSeconds: number,
): AttemptCounter {
  const { RateLimiterRedis } = loadLimiters();
  const storeClient = limiterClient(redis);
  const limiter = new RateLimiterRedis({ storeClient, keyPrefix, points: 1, duration: windowSeconds });
  return {
    ...limiterCounter(limiter, redis.run, {
      async decrement(key) {
        await redis.call('visaTakeBackAttempt', limiter.getKey(key));
      },
      async has(key) {
        return Number(await redis.call('visaHasAttempts', limiter.getKey(key))) === 1;
      },
    }),
    async hold(key, seconds) {
      await redis.call('visaHoldAttempt', limiter.getKey(key), Math.ceil(seconds * 1000));
    },
    async reset(key) {
      await redis.call('visaResetAttempts', limiter.getKey(key));
    },
  };
}

/** What the limiter takes for an ioredis client. It defines a script of its own and counts with it, which is run as ours are. */
function limiterClient(redis: BoundedRedis): object {
  return {
    defineCommand: (_name: string, script: RedisScript) => redis.define('visaCountAttempt', script),
    rlflxIncr: ([key = '', ...args]: string[]) => redis.send('visaCountAttempt', [key, ...args]),
  };
}
