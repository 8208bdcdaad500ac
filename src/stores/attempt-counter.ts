import { RateLimiterMemory, type RateLimiterAbstract } from 'rate-limiter-flexible';

/** Counts attempts by key in a window of time that begins with the first one. */
export interface AttemptCounter {
  /** Counts one more, atomically. */
  increment(key: string): Promise<{ count: number; msBeforeReset: number }>;
  /** Takes one back. */
  decrement(key: string): Promise<void>;
  /** Keeps the key at one for so many seconds from now. */
  hold(key: string, seconds: number): Promise<void>;
  reset(key: string): Promise<void>;
}

/** Any limiter of rate-limiter-flexible as a counter; `run` bounds each call as the store's other calls. */
export function limiterCounter(
  limiter: RateLimiterAbstract,
  run: <T>(operation: () => Promise<T>) => Promise<T>,
): AttemptCounter {
  return {
    async increment(key) {
      const { consumedPoints, msBeforeNext } = await run(() => limiter.penalty(key));
      return { count: consumedPoints, msBeforeReset: msBeforeNext };
    },
    async decrement(key) {
      const { consumedPoints } = await run(() => limiter.reward(key));
      // Taking back what has meanwhile been reset must not leave credit.
      if (consumedPoints <= 0) await run(() => limiter.delete(key));
    },
    async hold(key, seconds) {
      await run(() => limiter.set(key, 1, seconds));
    },
    async reset(key) {
      await run(() => limiter.delete(key));
    },
  };
}

/** Counts in this process alone. */
export function memoryCounter(name: string, windowSeconds: number): AttemptCounter {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: 1, duration: windowSeconds });
  return limiterCounter(limiter, (operation) => operation());
}
