import { RateLimiterMemory, type RateLimiterAbstract } from 'rate-limiter-flexible';
import type { RefreshTokenStore } from './refresh-token-store.js';

/** Counts attempts by key in a window of time that begins with the first one. */
export interface AttemptCounter {
  /**
   * Counts one more, atomically. Who has been told 503 has not been judged, so that it is taken back if the store does it all
   * the same, too late; not so where it is `final`: among those who ask for a key, at most one is ever told a count of 1.
   */
  increment(key: string, options?: { final?: boolean }): Promise<{ count: number; msBeforeReset: number }>;
  /** Takes one back, atomically, and never below none: credit would be a free guess. */
  decrement(key: string): Promise<void>;
  /** Keeps the key at one for so many seconds from now. */
  hold(key: string, seconds: number): Promise<void>;
  /** Whether the key counts anything or is held, without counting. Where it is missing no address becomes a known one. */
  has?(key: string): Promise<boolean>;
  /** Forgets the key: a success. */
  reset(key: string): Promise<void>;
}

/** How a store runs its calls: bounded in time, and `undo` for one that succeeds too late. */
type Run = <T>(operation: () => Promise<T>, undo?: () => Promise<void>) => Promise<T>;

/**
 * What a limiter has no good way for: it subtracts until there is credit, and reading it takes a command of Redis that no other call
 * needs, and rows counted as only pg counts them.
 */
type OwnOperations = Required<Pick<AttemptCounter, 'decrement' | 'has'>>;

/** Any limiter of rate-limiter-flexible as a counter. */
export function limiterCounter(
  limiter: RateLimiterAbstract,
  run: Run,
  { decrement, has }: OwnOperations,
): Required<AttemptCounter> {
  return {
    async increment(key, { final = false } = {}) {
      const undo = final ? undefined : () => decrement(key);
      const { consumedPoints, msBeforeNext } = await run(() => limiter.penalty(key), undo);
      return { count: consumedPoints, msBeforeReset: msBeforeNext };
    },
    decrement,
    has,
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

/** The longest that a timer of Node can wait: told to wait longer, it doesn't wait at all. */
const MAX_TIMER_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** Counts in this process alone, and for 24 days at most. */
export function memoryCounter(name: string, windowSeconds: number): Required<AttemptCounter> {
  const duration = Math.min(windowSeconds, MAX_TIMER_SECONDS);
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: 1, duration });
  const counter = limiterCounter(limiter, (operation) => operation(), {
    async decrement(key) {
      const { consumedPoints } = await limiter.reward(key);
      // It has been reset meanwhile. Adding one undoes no other's attempt, as deleting would, and here nothing can fail.
      if (consumedPoints < 0) await limiter.penalty(key);
    },
    async has(key) {
      const held = await limiter.get(key);
      return held !== null && held.consumedPoints > 0;
    },
  });
  return { ...counter, hold: (key, seconds) => counter.hold(key, Math.min(seconds, MAX_TIMER_SECONDS)) };
}
