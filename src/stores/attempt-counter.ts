import { RateLimiterMemory, type RateLimiterAbstract } from 'rate-limiter-flexible';
import type { RefreshTokenStore } from './refresh-token-store.js';

/** Counts attempts by key in a window of time that begins with the first one. */
export interface AttemptCounter {
  /** Counts one more, atomically. */
  increment(key: string): Promise<{ count: number; msBeforeReset: number }>;
  /** Takes one back. */
  decrement(key: string): Promise<void>;
  /** Keeps the key at one for so many seconds from now. */
  hold(key: string, seconds: number): Promise<void>;
  /** Forgets the key: a success. */
  reset(key: string): Promise<void>;
}

/** How a store runs its calls: bounded in time, and `undo` for one that succeeds too late. */
type Run = <T>(operation: () => Promise<T>, undo?: () => Promise<void>) => Promise<T>;

/** Any limiter of rate-limiter-flexible as a counter. */
export function limiterCounter(limiter: RateLimiterAbstract, run: Run): AttemptCounter {
  async function takeBack(key: string): Promise<void> {
    const { consumedPoints } = await limiter.reward(key);
    // Taking back what has meanwhile been reset must not leave credit.
    if (consumedPoints <= 0) await limiter.delete(key);
  }
  return {
    async increment(key) {
      // Who has been told 503 has not been judged, so that it must not count.
      const { consumedPoints, msBeforeNext } = await run(
        () => limiter.penalty(key),
        () => takeBack(key),
      );
      return { count: consumedPoints, msBeforeReset: msBeforeNext };
    },
    decrement: (key) => run(() => takeBack(key)),
    async hold(key, seconds) {
      await run(() => limiter.set(key, 1, seconds));
    },
    async reset(key) {
      await run(() => limiter.delete(key));
    },
  };
}

/** The store's counter, which all processes share, or one of this process alone. */
export function counterOf(store: RefreshTokenStore, name: string, windowSeconds: number): AttemptCounter {
  return store.attemptCounter?.(name, windowSeconds) ?? memoryCounter(name, windowSeconds);
}

/** Counts in this process alone. */
export function memoryCounter(name: string, windowSeconds: number): AttemptCounter {
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: 1, duration: windowSeconds });
  return limiterCounter(limiter, (operation) => operation());
}
