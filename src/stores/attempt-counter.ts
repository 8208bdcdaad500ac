import { RateLimiterMemory, type RateLimiterAbstract } from 'rate-limiter-flexible';

/** Counts attempts by key in a window of time that begins with the first one. */
export interface AttemptCounter {
  /**
   * Counts one more, atomically. A call that times out is reported as 503; if the store counts it after all, the count is
   * undone. With `final` it is not undone: of all calls for a key, at most one ever gets the count 1.
   */
  increment(key: string, options?: { final?: boolean }): Promise<{ count: number; msBeforeReset: number }>;
  /** Takes one back, atomically and never below zero: a negative count would be a free guess. */
  decrement(key: string): Promise<void>;
  /** Keeps the count at one for this many seconds from now. */
  hold(key: string, seconds: number): Promise<void>;
  /** Whether the count is above zero, without counting. Without this method no address is ever a known one. */
  has?(key: string): Promise<boolean>;
  /** Sets the count to zero, after a success. */
  reset(key: string): Promise<void>;
}

/** How a store runs its calls: with a time limit, and with `undo` for a call that succeeds after it. */
type Run = <T>(operation: () => Promise<T>, undo?: () => Promise<void>) => Promise<T>;

/**
 * What the limiter can't do well. It subtracts below zero; and to read a count it needs a Redis command that no other call
 * needs, and a member of the result that only pg sets.
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

/** The longest wait of a Node timer. With a longer one it doesn't wait at all. */
const MAX_TIMER_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** Counts in this process alone, and for 24 days at most. */
export function memoryCounter(name: string, windowSeconds: number): Required<AttemptCounter> {
  const duration = Math.min(windowSeconds, MAX_TIMER_SECONDS);
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: 1, duration });
  const counter = limiterCounter(limiter, (operation) => operation(), {
    async decrement(key) {
      const { consumedPoints } = await limiter.reward(key);
      // The key was reset meanwhile. Deleting it would undo a parallel attempt; adding one doesn't.
      if (consumedPoints < 0) await limiter.penalty(key);
    },
    async has(key) {
      const held = await limiter.get(key);
      return held !== null && held.consumedPoints > 0;
    },
  });
  return { ...counter, hold: (key, seconds) => counter.hold(key, Math.min(seconds, MAX_TIMER_SECONDS)) };
}
