import { types } from 'node:util';
import { serviceUnavailable } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { RevocationFeed } from '../stores/revocation-feed.js';
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/jwt.js';
import { Waiting } from '../utils/waiting.js';
import { RevokedSessions } from './revoked-sessions.js';
import type { SessionConfig } from './session-config.js';
import {
  SessionEnds,
  type EndingCall,
  type SessionEndListener,
  type SessionEndReason,
} from './session-ends.js';

/** How long `auth.ready()` waits for the store. */
export const READY_TIMEOUT_MS = 10_000;

/** Without instant revocation no process learns of another's revocations, so it can't deny what it may have missed. */
export const CANT_DENY =
  "is 'deny', which needs instant revocation: leave revocation out, or set it to 'instant', with a store that can do it";

interface RevocationsConfig extends Pick<SessionConfig, 'revocation'> {
  readonly accessToken: Pick<SessionConfig['accessToken'], 'expiresInSeconds'>;
  readonly refreshTokens: Pick<SessionConfig['refreshTokens'], 'followRevocations'>;
}

/**
 * The sessions that have ended while their access tokens may still verify: those that this process ended or found gone and,
 * with instant revocation, those that any other process ended.
 */
export class Revocations {
  readonly #config: RevocationsConfig;
  readonly #events: AuthEvents;
  readonly #revoked: RevokedSessions;
  readonly #ends = new SessionEnds();
  #feed: RevocationFeed | undefined;
  /** Why revocations of other processes may be missing here; undefined where none is. */
  #staleness: Error | undefined;
  #currentUntil = Infinity;
  /** What was announced last; undefined until the store has answered or failed. */
  #announcedCurrent: boolean | undefined;
  #isClosed = false;
  readonly #waiting = new Waiting();

  constructor(config: RevocationsConfig, events: AuthEvents) {
    this.#config = config;
    this.#events = events;
    this.#revoked = new RevokedSessions(config.accessToken.expiresInSeconds);
    if (config.revocation === 'instant')
      this.#staleness = new Error('The latest revocations have not been read yet');
  }

  /** Starts to follow the revocations of other processes, where revocation is instant. Opens a connection. */
  follow(): void {
    const { accessToken, refreshTokens, revocation } = this.#config;
    if (revocation === 'expiry') return;
    this.#feed = refreshTokens.followRevocations?.({
      keepForSeconds: accessToken.expiresInSeconds + CLOCK_TOLERANCE_SECONDS,
      onRevoked: ({ userId, sessionIds }) => this.refuse(userId, sessionIds),
      onCurrent: (validForMs) => this.#becomeCurrent(validForMs),
      onLost: (error) => this.#becomeStale(error),
    });
  }

  /** Without I/O: every guarded request asks this. */
  has(userId: string, sessionId: string): boolean {
    return this.#revoked.has(userId, sessionId);
  }

  /**
   * Refuses these sessions in this process; the store informs the others. Monotonic time: a change of the system clock must
   * not drop an entry early.
   * @param reason Default: that of a call of `during` that is under way
   */
  refuse(userId: string, sessionIds: readonly string[], reason?: SessionEndReason): void {
    const added = this.#revoked.add(userId, sessionIds, performance.now());
    if (added.length > 0) this.#ends.announce(userId, added, reason);
  }

  /** Calls the listener once for each session that ends. @returns a function that ends it */
  onEnd(listener: SessionEndListener): () => void {
    return this.#ends.listen(listener);
  }

  /** For calls of the store that end sessions: gives the listeners of `onEnd` the reason. */
  during<T>(call: EndingCall<T>): Promise<T> {
    return this.#ends.during(call);
  }

  /** For a session that the store didn't know, so it could inform no process of its end. Once, however often its tokens come. */
  async announce(userId: string, sessionId: string): Promise<void> {
    if (this.has(userId, sessionId)) return;
    await this.#feed?.announce({ userId, sessionIds: [sessionId] });
    this.refuse(userId, [sessionId]);
  }

  /** @throws AuthError SERVICE_UNAVAILABLE while other processes' revocations may be missing */
  assertCurrent(): void {
    if (this.#staleness) throw serviceUnavailable(this.#staleness);
    // This process may have stood still, and the timer that would have noticed hasn't run yet.
    if (performance.now() > this.#currentUntil)
      throw serviceUnavailable(new Error('The latest revocations were read too long ago'));
  }

  /** Why revocations of other processes may be missing here; undefined where none is. */
  get staleness(): Error | undefined {
    return this.#staleness;
  }

  /** @throws AuthError SERVICE_UNAVAILABLE when the store can't be reached for 10 seconds */
  async ready(): Promise<void> {
    if (this.#staleness && !this.#isClosed) await this.#waiting.atMost(READY_TIMEOUT_MS);
    this.assertCurrent();
  }

  close(): void {
    if (!this.#feed) return;
    this.#isClosed = true;
    this.#feed.close();
    this.#staleness = new Error('auth.close() has been called');
    this.#waiting.release();
  }

  #becomeCurrent(validForMs: number): void {
    this.#staleness = undefined;
    this.#currentUntil = performance.now() + validForMs;
    this.#waiting.release();
    if (this.#announcedCurrent === true) return;
    this.#announcedCurrent = true;
    this.#events.announce('revocations', () => ({ current: true }));
  }

  #becomeStale(error: unknown): void {
    const reason = types.isNativeError(error) ? error : new Error(String(error));
    this.#staleness = reason;
    if (this.#announcedCurrent === false) return;
    this.#announcedCurrent = false;
    this.#events.announce('revocations', () => ({ current: false, error: reason }));
  }
}
