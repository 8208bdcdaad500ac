import { AuthError } from '../errors.js';
import { memoryCounter, type AttemptCounter } from '../stores/attempt-counter.js';

/** Where counts live: a session store, or one that can't count. */
export interface CounterStore {
  attemptCounter?(name: string, windowSeconds: number): AttemptCounter;
}

/** The store's counter, which all processes share, or else one in the memory of this process. */
export function counterOf(store: CounterStore, name: string, windowSeconds: number): AttemptCounter {
  return store.attemptCounter?.(name, windowSeconds) ?? memoryCounter(name, windowSeconds);
}

export interface Limit {
  /** Counts an attempt before it is judged. @throws AuthError TOO_MANY_ATTEMPTS */
  enter(key: string): Promise<CountedAttempt>;
}

export interface CountedAttempt {
  readonly succeeded: () => Promise<void>;
  /** Left out where a failure stays counted as it is. */
  readonly failed?: () => Promise<void>;
  /** As if there had been no attempt. */
  readonly takeBack: () => Promise<void>;
}

export function tooManyAttempts(msBeforeReset: number): AuthError {
  return new AuthError('TOO_MANY_ATTEMPTS', {
    retryAfterSeconds: Math.max(1, Math.ceil(msBeforeReset / 1000)),
  });
}

/** Both counts of one attempt. */
export function both(one: CountedAttempt, other: CountedAttempt): CountedAttempt {
  const each = (step: keyof CountedAttempt) => async () =>
    void (await Promise.all([one[step]?.(), other[step]?.()]));
  return { succeeded: each('succeeded'), failed: each('failed'), takeBack: each('takeBack') };
}

const nothing = () => Promise.resolve();
/** For an attempt whose outcome changes no count. */
export const NOTHING_TO_DO: CountedAttempt = { succeeded: nothing, takeBack: nothing };
