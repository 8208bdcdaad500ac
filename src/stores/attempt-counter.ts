import type { RateLimiterAbstract } from 'rate-limiter-flexible';

/**
 * Counts attempts by key. A key's window of time begins with its first attempt; when the window is over, the count is zero again.
 */
export interface AttemptCounter {
  /**
   * Adds one, atomically. A call that times out is reported as 503; if the store counts it after all, the count is undone. With
   * `final` (default: false) it is not undone: of all calls for a key, at most one ever gets the count 1.
   * @returns the new count, and the milliseconds until the window is over
   */
  increment(key: string, options?: { final?: boolean }): Promise<{ count: number; msBeforeReset: number }>;
  /** Subtracts one, atomically and never below zero: a negative count would be a free guess. */
  decrement(key: string): Promise<void>;
  /** Sets the count to one, for this many seconds from now. */
  hold(key: string, seconds: number): Promise<void>;
  /** Whether the count is above zero. Counts nothing. Without this method the limits never recognise a known address. */
  has?(key: string): Promise<boolean>;
  /** Sets the count to zero, after a success. */
  reset(key: string): Promise<void>;
}

/** How a store runs its calls: with a time limit, and with `undo` for a call that succeeds after it. */
type Run = <T>(operation: () => Promise<T>, undo?: () => Promise<void>) => Promise<T>;

/**
 * What each store does itself, because the limiter does it badly: it subtracts below zero, and to read a count it needs a Redis
 * command that no other call needs, and a member of the result that pg sets but PGlite doesn't.
 */
type OwnOperations = Required<Pick<AttemptCounter, 'decrement' | 'has'>>;

/** Loads rate-limiter-flexible, which has a file for each of its backends: a process without limits needs none of them. */
export function loadLimiters(): typeof import('rate-limiter-flexible') {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('rate-limiter-flexible') as typeof import('rate-limiter-flexible');
}

/** Makes a counter of any limiter of rate-limiter-flexible. */
export function limiterCounter(
  limiter: RateLimiterAbstract,
  run: Run,
  { decrement, has }: OwnOperations,
): Required<AttemptCounter> {
  return {
    async increment(key, { final = false } = {}) {
      const undo = final ? undefined : () => decrement(key);
      const { consumedPoints, msBeforeNext } = await run(() => limiter.penalty(key), undo);
      return { count: consumedPoints, msBeforeReset: Number(msBeforeNext) };
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

/** The longest delay of a Node timer: 24 days. A timer with a longer delay fires at once. */
const MAX_TIMER_SECONDS = Math.floor((2 ** 31 - 1) / 1000);

/** Counts in the memory of this process, for 24 days at most. */
export function memoryCounter(name: string, windowSeconds: number): Required<AttemptCounter> {
  const duration = Math.min(windowSeconds, MAX_TIMER_SECONDS);
  const { RateLimiterMemory } = loadLimiters();
  const limiter = new RateLimiterMemory({ keyPrefix: name, points: 1, duration });
  const counter = limiterCounter(limiter, (operation) => operation(), {
    async decrement(key) {
      const { consumedPoints } = await limiter.reward(key);
      // The key has been reset meanwhile. Add one instead of deleting the key: a parallel attempt may have been counted by now.
      if (consumedPoints < 0) await limiter.penalty(key);
    },
    async has(key) {
      const counted = await limiter.get(key);
      return counted !== null && counted.consumedPoints > 0;
    },
  });
  return { ...counter, hold: (key, seconds) => counter.hold(key, Math.min(seconds, MAX_TIMER_SECONDS)) };
}
