import type { RequestHandler } from 'express';
import { isAuthError } from '../errors.js';
import type { AuthEventDetails, AuthEvents, RequestOrigin } from '../events/auth-events.js';
import type { AuthConfig } from '../config/auth-config.js';
import { counterOf, type AttemptCounter } from '../stores/attempt-counter.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import { addressGroup } from './address.js';
import { usernameKey } from '../utils/username.js';
import { tooManyAttempts, type CountedGuess, type Limit } from './limit.js';
import { FailuresInARow } from './consecutive-failures.js';
import { originOf } from '../http/request-origin.js';
import { UsernameFailures } from './username-failures.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

type LimitName = AuthEventDetails['locked']['limit'];

/** Whose attempt it is, as far as that is known. */
type Attempter = RequestOrigin & { userId?: string; sessionId?: string };

/** The limits on attempts. Each guess is counted before it is judged, so that parallel ones are not more than the limit. */
export class AttemptLimits {
  readonly #username: UsernameFailures | undefined;
  readonly #password: FailuresInARow | undefined;
  readonly #address: Window | undefined;
  readonly #register: Window | undefined;
  readonly #events: AuthEvents;

  constructor({ limits, refreshTokens }: AuthConfig, events: AuthEvents) {
    const { username, password, address, register } = limits;
    this.#events = events;
    this.#username = username === undefined ? undefined : new UsernameFailures(refreshTokens, username);
    this.#password =
      password === undefined ? undefined : new FailuresInARow(refreshTokens, 'password', password);
    this.#address = address === undefined ? undefined : new Window(refreshTokens, 'address', address, MINUTE);
    this.#register =
      register === undefined ? undefined : new Window(refreshTokens, 'register', register, HOUR);
  }

  /** @throws AuthError TOO_MANY_ATTEMPTS, or what `guess` throws */
  login<T>(origin: RequestOrigin, username: string, guess: () => Promise<T>): Promise<T> {
    const address = addressGroup(origin.ip);
    const byAddress = { limit: 'address', key: address, who: origin } as const;
    const byUsername = { limit: 'username', key: usernameKey(username), who: origin } as const;
    const ofUsername = this.#username?.from(address);
    return this.#count(byAddress, this.#address, () => this.#count(byUsername, ofUsername, guess));
  }

  /** @throws AuthError TOO_MANY_ATTEMPTS, or what `guess` throws */
  password<T>(who: Attempter & { userId: string }, guess: () => Promise<T>): Promise<T> {
    return this.#count({ limit: 'password', key: who.userId, who }, this.#password, guess);
  }

  /** Every registration counts, whatever comes of it. */
  readonly register: RequestHandler = (req, _res, next) => {
    const who = originOf(req);
    const key = addressGroup(who.ip);
    const entered: Promise<unknown> = this.#register?.enter(key) ?? Promise.resolve();
    entered.then(
      () => next(),
      (error: unknown) => next(this.#locked({ limit: 'register', key, who }, error)),
    );
  };

  async #count<T>(attempt: Attempt, limit: Limit | undefined, guess: () => Promise<T>): Promise<T> {
    if (!limit) return guess();
    const counted = await limit.enter(attempt.key).catch((error: unknown) => {
      throw this.#locked(attempt, error);
    });
    try {
      const result = await guess();
      await counted.succeeded();
      return result;
    } catch (error) {
      // An outage or a refusal elsewhere was no guess. Nobody waits for this: the store may be what is down.
      if (!isAuthError(error, 'INVALID_CREDENTIALS')) counted.takeBack().catch(() => undefined);
      throw error;
    }
  }

  #locked({ limit, key, who }: Attempt, error: unknown): unknown {
    if (isAuthError(error, 'TOO_MANY_ATTEMPTS')) {
      const retryAfterSeconds = error.retryAfterSeconds ?? 0;
      const nobody = { userId: undefined, sessionId: undefined };
      this.#events.announce('locked', () => ({ limit, key, retryAfterSeconds, ...nobody, ...who }));
    }
    return error;
  }
}

interface Attempt {
  limit: LimitName;
  key: string;
  who: Attempter;
}

/** So many in a window of time; a success doesn't count. */
class Window implements Limit {
  readonly #counter: AttemptCounter;
  readonly #limit: number;

  constructor(store: RefreshTokenStore, name: LimitName, limit: number, windowSeconds: number) {
    this.#counter = counterOf(store, name, windowSeconds);
    this.#limit = limit;
  }

  async enter(key: string): Promise<CountedGuess> {
    const { count, msBeforeReset } = await this.#counter.increment(key);
    const takeBack = () => this.#counter.decrement(key);
    if (count > this.#limit) {
      // Refused unseen, it was no failure: a crowd of right passwords at one moment must not shut its address out.
      takeBack().catch(() => undefined);
      throw tooManyAttempts(msBeforeReset);
    }
    return { succeeded: takeBack, takeBack };
  }
}
