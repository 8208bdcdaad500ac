import { AuthError } from '../errors.js';

export interface Limit {
  /** Counts a guess as a failure, before it is judged. @throws AuthError TOO_MANY_ATTEMPTS */
  enter(key: string): Promise<CountedGuess>;
}

export interface CountedGuess {
  succeeded(): Promise<void>;
  /** As if there had been no guess. */
  takeBack(): Promise<void>;
}

export function tooManyAttempts(msBeforeReset: number): AuthError {
  return new AuthError('TOO_MANY_ATTEMPTS', {
    retryAfterSeconds: Math.max(1, Math.ceil(msBeforeReset / 1000)),
  });
}
