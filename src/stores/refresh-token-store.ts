import type { AttemptCounter } from './attempt-counter.js';
import type { OneTimeTokenStore } from './one-time-token-store.js';
import type { RevocationFeed, RevocationFollower } from './revocation-feed.js';

/** One login on one device. No token is kept, nor anything that a token could be made from. */
export interface NewSession {
  userId: string;
  /** 128 random bits or more. */
  sessionId: string;
  createdAt: Date;
  /** When the user proved who they are. */
  authTime: Date;
  /** How they proved it, where the login said so (RFC 8176): `['pwd', 'otp']`. Visible ASCII without spaces. */
  amr?: readonly string[] | undefined;
  /** After this the session is gone; each rotation moves it. */
  expiresAt: Date;
  /** Whether cookies outlive the browser's session; kept because every rotation sets them anew. */
  remember: boolean;
  ip?: string | undefined;
  userAgent?: string | undefined;
}

export interface Session extends NewSession {
  /** The highest generation presented so far; 0 after the login. */
  generation: number;
  /** When that generation was presented; `createdAt` after the login. */
  rotatedAt: Date;
  /** The `Idempotency-Key` of the request that presented it. */
  attempt?: string | undefined;
}

/** A refresh token that was presented, and the rules that its session goes by. */
export interface RotateRequest {
  userId: string;
  sessionId: string;
  /** `gen` of the refresh token that is presented, from 1. */
  generation: number;
  /** The request's `Idempotency-Key`. */
  attempt?: string | undefined;
  /** Seconds that a refresh token lives. */
  expiresInSeconds: number;
  /** Seconds that the session lives, counted from `createdAt`. */
  maxLifetimeSeconds: number;
  /** Seconds in which the generation presented last may come again. */
  reuseWindowSeconds: number;
  /** Holds time still in tests. Default: the clock of the store. */
  now?: Date | undefined;
}

/** What became of a rotation; `now` is the time of the store. */
export type RotateResult =
  | { outcome: 'rotated' | 'replayed'; session: Session; now: Date }
  | { outcome: 'reused' }
  | { outcome: 'unknown' };

/**
 * Where sessions live. `refreshTokenStoreContract` of `passport-visa/testing` proves an implementation.
 *
 * A store that can't be reached must say so within a second with `new AuthError('SERVICE_UNAVAILABLE')`.
 * Sessions past `expiresAt` count as absent everywhere. Times are kept to the millisecond.
 */
export interface RefreshTokenStore {
  /** Stores generation 0. */
  create(session: NewSession): Promise<void>;
  /**
   * Presents a generation, in ONE atomic operation that is safe to run twice:
   *
   * - no such session: `unknown`;
   * - above the stored generation: `rotated`. It becomes the stored one, `rotatedAt` is now, `attempt` the
   *   request's, `expiresAt` the earlier of now + expiresIn and createdAt + maxLifetime;
   * - the stored generation, with the same non-empty attempt or within the reuse window: `replayed`,
   *   and nothing is written;
   * - anything else: `reused`, and the session is deleted.
   */
  rotate(request: RotateRequest): Promise<RotateResult>;
  /** Undefined when there is no such session of this user, or it has run out. */
  find(userId: string, sessionId: string): Promise<Session | undefined>;
  /** In no particular order. */
  list(userId: string): Promise<Session[]>;
  /** @returns whether there was such a session of this user. */
  revoke(userId: string, sessionId: string): Promise<boolean>;
  /** Ends every session of the user but `except`. @returns the ids that ended. */
  revokeAll(userId: string, options?: { except?: string | undefined }): Promise<string[]>;
  /**
   * The store's clock, in milliseconds since 1970. With it processes whose machines' clocks differ agree on when tokens begin
   * and run out; without it each goes by its own machine's, and they must not differ by more than a minute.
   */
  time?(): Promise<number>;
  /**
   * A counter that lives beside the sessions, for the limits on attempts. A store without it has its
   * attempts counted in the memory of each process.
   */
  attemptCounter?(name: string, windowSeconds: number): AttemptCounter;
  /**
   * Tokens that are good once, such as those in links for a password reset. They live beside the sessions: each call, in each
   * process, returns the same tokens. A store without it can't be used with features that need them.
   */
  oneTimeTokens?(): OneTimeTokenStore;
  /**
   * Instant revocation in all processes. From this call on, every session that `revoke`, `revokeAll` or a reuse ends is told
   * to all followers, in whichever process, before the call that ended it is answered; one that can't be told must fail
   * with `SERVICE_UNAVAILABLE`, and be told when that call is tried again. Who begins to follow is first told of all that
   * ended in the last `keepForSeconds`. A store without it leaves access tokens good in other processes until they run out.
   */
  followRevocations?(follower: RevocationFollower): RevocationFeed;
}
