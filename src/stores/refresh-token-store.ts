import type { AttemptCounter } from './attempt-counter.js';
import type { OneTimeTokenStore } from './one-time-token-store.js';
import type { RevocationFeed, RevocationFollower } from './revocation-feed.js';

/** One login on one device. It contains no token, nor anything from which a token could be made. */
export interface NewSession {
  userId: string;
  /** At least 128 random bits. */
  sessionId: string;
  createdAt: Date;
  /** When the user proved who they are. */
  authTime: Date;
  /** How the user proved it, if the login said so (RFC 8176): `['pwd', 'otp']`. Each is visible ASCII without spaces. */
  amr?: readonly string[] | undefined;
  /** When the session ends. Each rotation moves it. */
  expiresAt: Date;
  /** Whether the cookies stay when the browser is closed. Stored, because every rotation sets the cookies again. */
  remember: boolean;
  ip?: string | undefined;
  userAgent?: string | undefined;
}

export interface Session extends NewSession {
  /** The highest generation presented so far; 0 after the login. */
  generation: number;
  /** When that generation was presented; after the login, `createdAt`. */
  rotatedAt: Date;
  /** The `Idempotency-Key` of the request that presented that generation. */
  attempt?: string | undefined;
}

/** A refresh token that a client presents, and the rules for its session. */
export interface RotateRequest {
  userId: string;
  sessionId: string;
  /** The claim `gen` of the refresh token, from 1. */
  generation: number;
  /** The `Idempotency-Key` of the request. */
  attempt?: string | undefined;
  /** How long a refresh token is valid, in seconds. */
  expiresInSeconds: number;
  /** How long the session can last, in seconds from `createdAt`. */
  maxLifetimeSeconds: number;
  /** How long the latest generation may be presented again, in seconds after `rotatedAt`. */
  reuseWindowSeconds: number;
  /**
   * Where the request came from: a short keyed hash without spaces. Default: not known, so nothing is compared. A store of your
   * own may ignore it; then a thief who follows every refresh is not found.
   */
  origin?: string | undefined;
  /** Replays from elsewhere in this many generations in a row are a reuse. Default: never. */
  maxElsewhere?: number | undefined;
  /** A fixed time, for tests. Default: the clock of the store. */
  now?: Date | undefined;
}

/** The result of a rotation; `now` is the store's time. `firstElsewhere`: a replay from elsewhere, the first in this session. */
export type RotateResult =
  | { outcome: 'rotated' | 'replayed'; session: Session; now: Date; firstElsewhere?: boolean }
  | { outcome: 'reused' }
  | { outcome: 'unknown' };

/** A new proof of who the user is, for a session that goes on. */
export interface RaiseRequest extends Omit<RotateRequest, 'reuseWindowSeconds' | 'maxElsewhere'> {
  /**
   * What the session gets. It is so high that no refresh token has it, not even one that a lost write has made the store forget. So
   * every token from before is a reuse, at once.
   */
  generation: number;
  /** When the user proved who they are, in place of what the session has. */
  authTime: Date;
  /** How, in place of what the session has. Default: not known. */
  amr?: readonly string[] | undefined;
}

/** The result of a raise; `now` is the store's time. */
export type RaiseResult =
  | { outcome: 'raised' | 'replayed'; session: Session; now: Date }
  | { outcome: 'outrun' }
  | { outcome: 'unknown' };

/** What a login asks of the store beside its session. */
export interface CreateOptions {
  /**
   * How many sessions the user may have, the new one included: 1 to 1,000. If there are more, the sessions used longest ago (by
   * `rotatedAt`) end. Default: any number.
   */
  maxSessions?: number | undefined;
  /**
   * A store that ends sessions in several steps calls this after each of them with the ids that ended. If a later step fails,
   * these are announced all the same. Default: nothing is called.
   */
  onEnded?: ((sessionIds: readonly string[]) => void) | undefined;
}

/**
 * Where sessions live. `refreshTokenStoreContract` of `passport-visa/testing` proves an implementation.
 *
 * A store that can't be reached must throw `new AuthError('SERVICE_UNAVAILABLE')` within a second. For every method, a session
 * past its `expiresAt` is absent. Times are precise to the millisecond.
 */
export interface RefreshTokenStore {
  /**
   * Stores a session, with generation 0. In the same operation it ends what `maxSessions` no longer allows, so parallel logins
   * never leave more. For a user who has thousands too many, it may end them over several logins.
   * @returns the ids of the sessions that ended. A store that can't limit sessions ignores the options, and returns nothing
   */
  create(session: NewSession, options?: CreateOptions): Promise<readonly string[] | void>;
  /**
   * Compares the presented generation with the stored one, in ONE atomic operation that is safe to run twice:
   *
   * - There is no such session: `unknown`.
   * - The generation is higher than the stored one: `rotated`. The store writes the generation, `rotatedAt` (now), `attempt` and
   *   `origin` (the request's) and `expiresAt` (now + `expiresInSeconds`, or `createdAt` + `maxLifetimeSeconds` if that is earlier).
   * - The generation is the stored one, and either the attempt is the same and not empty, or it is within the reuse window:
   *   `replayed`. The store writes nothing, except where the replay comes from elsewhere (below).
   * - In every other case: `reused`. The store deletes the session.
   *
   * A replay by another attempt comes from elsewhere if its `origin` and the one that rotated to this generation are both known
   * and differ. The store counts each generation once, and begins again after a generation without such a replay. The one that
   * makes the count `maxElsewhere` is `reused`; the first in the session says `firstElsewhere`.
   */
  rotate(request: RotateRequest): Promise<RotateResult>;
  /**
   * Gives a session a new proof, in ONE atomic operation that is safe to run twice:
   *
   * - There is no such session: `unknown`.
   * - The attempt is the stored one and not empty: `replayed`. The store writes nothing.
   * - The generation is higher than the stored one: `raised`. The store writes what a rotation writes, and `authTime` and `amr`.
   * - In every other case: `outrun`. The store writes nothing: another request has raised the session first.
   *
   * Without this method no one can prove again in a session who they are. What needs it is a TypeError then.
   */
  raise?(request: RaiseRequest): Promise<RaiseResult>;
  /** Undefined if this user has no such session, or if it has expired. */
  find(userId: string, sessionId: string): Promise<Session | undefined>;
  /**
   * The user's sessions, in no particular order. If there are more than `limit`, any of them, and not many more than `limit` are
   * read. Default: no limit.
   */
  list(userId: string, options?: { limit?: number | undefined }): Promise<Session[]>;
  /** Ends a session. @returns whether this user had such a session */
  revoke(userId: string, sessionId: string): Promise<boolean>;
  /**
   * Ends every session of the user except the one with the id `except`. Thousands end in several steps, none of which is long.
   * `onEnded` is as for `create`.
   * @returns the ids of the sessions that ended
   */
  revokeAll(
    userId: string,
    options?: Pick<CreateOptions, 'onEnded'> & { except?: string | undefined },
  ): Promise<string[]>;
  /**
   * The store's clock, in milliseconds since 1970. With it, processes whose machines have different clocks agree on when a token
   * starts and expires. Without it, each process uses the clock of its machine, and those must not differ by more than a minute.
   */
  time?(): Promise<number>;
  /**
   * A counter for the limits on attempts, which all processes share. Calls with the same name return the same counter. Without
   * this method, each process counts in its own memory.
   */
  attemptCounter?(name: string, windowSeconds: number): AttemptCounter;
  /**
   * Tokens that can be used once, such as those in links for a password reset. Every call, in every process, returns the same
   * tokens. Features that need such tokens don't work with a store that lacks this method.
   */
  oneTimeTokens?(): OneTimeTokenStore;
  /**
   * Instant revocation in all processes. From this call on, every session that `revoke`, `revokeAll` or a reuse ends is reported
   * to all followers, in all processes, before the call that ended it resolves. If it can't be reported, the call must fail with
   * `SERVICE_UNAVAILABLE`, and repeating the call must report it. A new follower first gets everything that ended in the last
   * `keepForSeconds`. Without this method, access tokens of ended sessions stay valid in other processes until they expire.
   */
  followRevocations?(follower: RevocationFollower): RevocationFeed;
}
