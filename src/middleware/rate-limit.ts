import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { AuthError, isAuthError } from '../errors.js';
import type { AuthEventDetails, AuthEvents, RequestOrigin } from '../events.js';
import type { AuthConfig } from '../auth-config.js';
import { counterOf, type AttemptCounter } from '../stores/attempt-counter.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import { addressGroup } from '../utils/address.js';
import { usernameKey } from '../utils/username.js';
import { originOf } from './request-origin.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MAX_WAIT = 15 * MINUTE;

type LimitName = AuthEventDetails['locked']['limit'];

/** Whose attempt it is, as far as that is known. */
type Attempter = RequestOrigin & { userId?: string; sessionId?: string };

/** The limits on attempts. Each guess is counted before it is judged, so that parallel ones are not more than the limit. */
export class AttemptLimits {
  readonly #username: FailuresInARow | undefined;
  readonly #password: FailuresInARow | undefined;
  readonly #address: Window | undefined;
  readonly #register: Window | undefined;
  readonly #events: AuthEvents;

  constructor({ limits, refreshTokens }: AuthConfig, events: AuthEvents) {
    const { username, password, address, register } = limits;
    this.#events = events;
    this.#username =
      username === undefined ? undefined : new FailuresInARow(refreshTokens, 'username', username);
    this.#password =
      password === undefined ? undefined : new FailuresInARow(refreshTokens, 'password', password);
    this.#address = address === undefined ? undefined : new Window(refreshTokens, 'address', address, MINUTE);
    this.#register =
      register === undefined ? undefined : new Window(refreshTokens, 'register', register, HOUR);
  }

  /** @throws AuthError TOO_MANY_ATTEMPTS, or what `guess` throws */
  login<T>(origin: RequestOrigin, username: string, guess: () => Promise<T>): Promise<T> {
    const byUsername = { limit: 'username', key: usernameKey(username), who: origin } as const;
    const byAddress = { limit: 'address', key: addressGroup(origin.ip), who: origin } as const;
    return this.#count(byAddress, this.#address, () => this.#count(byUsername, this.#username, guess));
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

interface Limit {
  /** Counts a guess as a failure, before it is judged. @throws AuthError TOO_MANY_ATTEMPTS */
  enter(key: string): Promise<CountedGuess>;
}

interface CountedGuess {
  succeeded(): Promise<void>;
  /** As if there had been no guess. */
  takeBack(): Promise<void>;
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

/**
 * From the last free failure on, guesses take turns: who gets the turn guesses, and the next turn comes after a wait that
 * doubles each time. A success starts afresh, so that nobody is locked out for ever.
 */
class FailuresInARow implements Limit {
  readonly #failures: AttemptCounter;
  readonly #turn: AttemptCounter;
  readonly #turnsTaken: AttemptCounter;
  readonly #limit: number;

  constructor(store: RefreshTokenStore, name: LimitName, limit: number) {
    this.#failures = counterOf(store, `${name}-failures`, DAY);
    this.#turn = counterOf(store, `${name}-turn`, MINUTE);
    this.#turnsTaken = counterOf(store, `${name}-turns-taken`, DAY);
    this.#limit = limit;
  }

  async enter(key: string): Promise<CountedGuess> {
    const digest = digestOf(key);
    const succeeded = () => this.#forget(digest);
    const { count } = await this.#failures.increment(digest);
    const takeBack = () => this.#failures.decrement(digest);
    if (count < this.#limit) return { succeeded, takeBack };
    await this.#takeTurn(digest).catch((error: unknown) => {
      if (!isAuthError(error, 'TOO_MANY_ATTEMPTS')) takeBack().catch(() => undefined);
      throw error;
    });
    return { succeeded, takeBack: () => this.#giveTurnBack(digest) };
  }

  async #takeTurn(digest: string): Promise<void> {
    const turn = await this.#turn.increment(digest);
    if (turn.count > 1) throw tooManyAttempts(turn.msBeforeReset);
    try {
      const { count: turnsTaken } = await this.#turnsTaken.increment(digest);
      if (turnsTaken > 1) await this.#turn.hold(digest, Math.min(MINUTE * 2 ** (turnsTaken - 1), MAX_WAIT));
    } catch (error) {
      this.#turn.reset(digest).catch(() => undefined); // ours, and nobody will guess in it
      throw error;
    }
  }

  /** For who has the turn: anybody else would give another's back. */
  async #giveTurnBack(digest: string): Promise<void> {
    await Promise.all([
      this.#failures.decrement(digest),
      this.#turn.reset(digest),
      this.#turnsTaken.decrement(digest),
    ]);
  }

  async #forget(digest: string): Promise<void> {
    await Promise.all([
      this.#failures.reset(digest),
      this.#turn.reset(digest),
      this.#turnsTaken.reset(digest),
    ]);
  }
}

/** What a client types is neither kept nor allowed to shape a key. */
function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function tooManyAttempts(msBeforeReset: number): AuthError {
  return new AuthError('TOO_MANY_ATTEMPTS', {
    retryAfterSeconds: Math.max(1, Math.ceil(msBeforeReset / 1000)),
  });
}
