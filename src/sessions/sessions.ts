import { randomBytes } from 'node:crypto';
import { AccessTokenRoom, type Transport } from './token-size.js';
import { AuthError, type AuthErrorCode } from '../errors.js';
import type { AuthEventDetails, AuthEvents, RequestOrigin, RevocationReason } from '../events/auth-events.js';
import type { AuthConfig } from '../config/auth-config.js';
import type { NewSession, Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Revocations } from './revocations.js';
import { signAccessToken, verifyAccessToken } from '../tokens/access-token.js';
import { TokenError } from '../tokens/jwt.js';
import {
  signRefreshToken,
  verifyExpiredRefreshToken,
  verifyRefreshToken,
  type RefreshClaims,
} from '../tokens/refresh-token.js';
import { keptUserAgent } from '../utils/user-agent.js';
import { RevokedSessions } from './revoked-sessions.js';

/** A pair of tokens and what it was made from. */
export interface IssuedTokens {
  user: StoredUser;
  session: Session;
  accessToken: string;
  refreshToken: string;
  issuedAt: Date;
  accessExpiresAt: Date;
}

interface RequestDetails {
  origin: RequestOrigin;
  transport: Transport;
  /** The `Idempotency-Key`. */
  attempt?: string | undefined;
  /** The session that the refresh token must belong to. Default: any. */
  sessionId?: string | undefined;
}

/** What a request has of a session: one of them is enough. */
export interface PresentedTokens {
  refreshToken: string | undefined;
  accessToken: string | undefined;
}

interface LoginDetails {
  remember: boolean;
  transport: Transport;
  /** Of the session that ends with this login. Default: none. */
  replaced?: PresentedTokens | undefined;
}

/** How and when the user proved who they are. */
export interface Proof {
  /** Default: now. */
  authTime?: Date | undefined;
  /** Methods by the names of RFC 8176. Default: not told. */
  amr?: readonly string[] | undefined;
}

const SESSION_ID_BYTES = 16;

/** Server code has no request. */
const SERVER: RequestOrigin = { ip: undefined, userAgent: undefined };

type RefreshFailureCode = AuthEventDetails['refreshFailed']['code'];
const REFRESH_FAILURES: ReadonlySet<AuthErrorCode> = new Set<RefreshFailureCode>([
  'REFRESH_TOKEN_EXPIRED',
  'REFRESH_TOKEN_INVALID',
  'SESSION_NOT_FOUND',
]);

/** Starts, rotates and ends sessions: the only place that joins tokens and store. */
export class Sessions {
  readonly #config: AuthConfig;
  readonly #events: AuthEvents;
  readonly #revocations: Revocations;
  readonly #room: AccessTokenRoom;
  /** Asked to end in an outage: the store may have done it, though nobody heard. */
  readonly #unheard: RevokedSessions;

  constructor(config: AuthConfig, events: AuthEvents, revocations: Revocations) {
    this.#config = config;
    this.#events = events;
    this.#revocations = revocations;
    this.#room = new AccessTokenRoom(config);
    this.#unheard = new RevokedSessions(config.accessToken.expiresInSeconds);
  }

  /**
   * For a user who has just proved who they are.
   * @throws AuthError INVALID_CREDENTIALS when the user was deleted or disabled, or the password changed, meanwhile
   * @throws TokenTooLongError, and there is no session
   */
  async start(
    user: StoredUser,
    { remember, transport, replaced }: LoginDetails,
    origin: RequestOrigin,
    { authTime, amr }: Proof = {},
  ): Promise<IssuedTokens> {
    await this.#config.timeKnown();
    const now = this.#config.now();
    const { expiresInSeconds, maxLifetimeSeconds } = this.#config.refreshToken;
    const newSession = {
      userId: user.id,
      sessionId: randomBytes(SESSION_ID_BYTES).toString('base64url'),
      createdAt: new Date(now),
      // A clock ahead of ours makes no login younger than now.
      authTime: new Date(Math.min(authTime?.getTime() ?? now, now)),
      ...(amr && { amr }),
      expiresAt: new Date(now + Math.min(expiresInSeconds, maxLifetimeSeconds) * 1000),
      remember,
      ip: origin.ip,
      userAgent: keptUserAgent(origin.userAgent, this.#config.storeUserAgent),
    };
    this.#room.assertFits(user, newSession, transport);
    await this.#config.refreshTokens.create(newSession);
    // After the creation, so that a password change either sees this session and ends it, or is seen here.
    const current = await this.#orUndo(newSession, this.#config.users.findById(user.id));
    if (!current || current.disabled || current.passwordHash !== user.passwordHash) {
      await this.#config.refreshTokens.revoke(user.id, newSession.sessionId);
      const { id: userId, username } = user;
      const reason = current?.disabled ? 'disabled' : current ? 'password-changed' : 'unknown-user';
      this.#events.announce('loginFailed', () => ({ username, userId, reason, ...origin }));
      throw new AuthError('INVALID_CREDENTIALS');
    }
    // The last thing that can fail: a login that comes to nothing leaves the browser what it had.
    if (replaced) await this.#orUndo(newSession, this.endByTokens(replaced, origin, 'new-login'));
    const { sessionId } = newSession;
    this.#events.announce('login', () => ({ userId: user.id, sessionId, amr, ...origin }));
    return this.#issue(
      current,
      { ...newSession, generation: 0, rotatedAt: newSession.createdAt },
      new Date(now),
    );
  }

  /** Nobody gets the tokens of a session whose login fails now, and nobody waits for its end. */
  #orUndo<T>({ userId, sessionId }: NewSession, step: Promise<T>): Promise<T> {
    return step.catch((error: unknown) => {
      this.#config.refreshTokens.revoke(userId, sessionId).catch(() => undefined);
      throw error;
    });
  }

  /**
   * Exchanges a refresh token for the next pair.
   * @throws AuthError REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, SESSION_NOT_FOUND
   * @throws TokenTooLongError, and the refresh token is as good as before
   */
  async refresh(refreshToken: string, details: RequestDetails): Promise<IssuedTokens> {
    const { origin } = details;
    // By the clock of a machine that is minutes off a good token would be of the future, or have run out.
    await this.#config.timeKnown();
    try {
      const { userId, sessionId, generation } = this.#verifyRefreshToken(refreshToken);
      if (details.sessionId !== undefined && details.sessionId !== sessionId)
        throw new AuthError('REFRESH_TOKEN_INVALID');
      // Before the rotation: were the user store down only now, the client would be left with an exchanged token.
      const user = await this.#config.users.findById(userId);
      if (!user || user.disabled) {
        await this.revoke(userId, sessionId, 'user-gone', origin);
        throw new AuthError('SESSION_NOT_FOUND');
      }
      const { replayed, ...issued } = await this.rotate(user, sessionId, generation, details);
      this.#events.announce('refresh', () => ({ userId, sessionId, replayed, ...origin }));
      return issued;
    } catch (error) {
      if (error instanceof AuthError && REFRESH_FAILURES.has(error.code))
        this.#announceRefreshFailure(refreshToken, error.code as RefreshFailureCode, origin);
      throw error;
    }
  }

  #announceRefreshFailure(refreshToken: string, code: RefreshFailureCode, origin: RequestOrigin): void {
    this.#events.announce('refreshFailed', () => {
      const { keys } = this.#config.refreshToken;
      const claims = unlessInvalid(refreshToken, (token) => verifyExpiredRefreshToken(token, keys));
      return { code, userId: claims?.userId, sessionId: claims?.sessionId, ...origin };
    });
  }

  /** Presents a generation of a session to the store, and hands out its successor. */
  async rotate(
    user: StoredUser,
    sessionId: string,
    generation: number,
    { attempt, origin, transport }: RequestDetails,
  ): Promise<IssuedTokens & { replayed: boolean }> {
    // Before the exchange: a client that never gets the tokens would try again, and pass for a thief.
    await this.assertRoom(user, sessionId, transport);
    const { refreshTokens, refreshToken, storeNow } = this.#config;
    const { expiresInSeconds, maxLifetimeSeconds, reuseWindowSeconds } = refreshToken;
    if (this.#revocations.has(user.id, sessionId)) {
      // A failover may have lost the end of it, though it was acknowledged: it ends once more.
      await refreshTokens.revoke(user.id, sessionId);
      throw new AuthError('SESSION_NOT_FOUND');
    }
    const result = await refreshTokens.rotate({
      userId: user.id,
      sessionId,
      generation,
      attempt,
      expiresInSeconds,
      maxLifetimeSeconds,
      reuseWindowSeconds,
      now: storeNow(),
    });
    switch (result.outcome) {
      case 'unknown':
        await this.#revocations.announce(user.id, sessionId);
        throw new AuthError('SESSION_NOT_FOUND');
      case 'reused':
        this.#revocations.refuse(user.id, [sessionId]);
        this.#events.announce('reuse', () => ({ userId: user.id, sessionId, generation, ...origin }));
        throw new AuthError('REFRESH_TOKEN_REUSED');
      default:
        return {
          ...this.#issue(user, result.session, result.now),
          replayed: result.outcome === 'replayed',
        };
    }
  }

  /** Ends the session that the refresh token names, or else the one the access token names; expired ones will do. */
  async endByTokens(
    { refreshToken, accessToken }: PresentedTokens,
    origin: RequestOrigin,
    reason: Extract<RevocationReason, 'logout' | 'new-login'> = 'logout',
  ): Promise<void> {
    const { refreshToken: refresh, accessToken: access } = this.#config;
    const claims =
      unlessInvalid(refreshToken, (token) => verifyExpiredRefreshToken(token, refresh.keys)) ??
      unlessInvalid(accessToken, (token) => verifyAccessToken(token, access).claims);
    if (!claims) return;
    await this.revoke(claims.userId, claims.sessionId, reason, origin);
    // If the store didn't know it: the tokens are ours, so that it once was, and it isn't any more.
    await this.#revocations.announce(claims.userId, claims.sessionId);
  }

  /** Ends every session of the user, the one that asks included. @returns how many */
  async endAll(
    { userId, sessionId }: { userId: string; sessionId: string },
    origin: RequestOrigin,
  ): Promise<number> {
    const ended = await this.revokeAll(userId, {}, 'logout-all', origin);
    await this.#revocations.announce(userId, sessionId); // the store may have lost it
    return ended.length;
  }

  find(userId: string, sessionId: string): Promise<Session | undefined> {
    return this.#config.refreshTokens.find(userId, sessionId);
  }

  /** The one used last comes first. */
  async list(userId: string): Promise<Session[]> {
    const sessions = await this.#config.refreshTokens.list(userId);
    return sessions.sort((a, b) => b.rotatedAt.getTime() - a.rotatedAt.getTime());
  }

  /** @returns whether there was such a session of this user. */
  async revoke(
    userId: string,
    sessionId: string,
    reason: RevocationReason = 'server',
    origin: RequestOrigin = SERVER,
  ): Promise<boolean> {
    const existed = await this.#config.refreshTokens.revoke(userId, sessionId).catch((error: unknown) => {
      this.#unheard.add(userId, [sessionId], this.#config.now());
      throw error;
    });
    if (this.#unheard.take(userId, sessionId) || existed) {
      this.#revocations.refuse(userId, [sessionId]);
      this.#events.announce('revoked', () => ({ userId, sessionIds: [sessionId], reason, ...origin }));
    }
    return existed;
  }

  /** Ends every session of the user but `except`. @returns the ids that ended. */
  async revokeAll(
    userId: string,
    options: { except?: string | undefined } = {},
    reason: RevocationReason = 'server',
    origin: RequestOrigin = SERVER,
  ): Promise<string[]> {
    const ended = await this.#config.refreshTokens.revokeAll(userId, options);
    this.#revocations.refuse(userId, ended);
    if (ended.length > 0)
      this.#events.announce('revoked', () => ({ userId, sessionIds: ended, reason, ...origin }));
    return ended;
  }

  /**
   * Whether the user's roles leave room for an access token of this session.
   * @throws TokenTooLongError
   */
  async assertRoom(user: StoredUser, sessionId: string, transport: Transport): Promise<void> {
    if (this.#room.fitsAny(user, sessionId, transport)) return;
    // How the user logged in is known to the store alone, and decides only here, close to the limit.
    const session = await this.find(user.id, sessionId);
    if (session) this.#room.assertFits(user, session, transport);
  }

  #verifyRefreshToken(token: string): RefreshClaims {
    try {
      return verifyRefreshToken(token, this.#config.refreshToken.keys, this.#config.now());
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      throw new AuthError(error.fault === 'expired' ? 'REFRESH_TOKEN_EXPIRED' : 'REFRESH_TOKEN_INVALID');
    }
  }

  #issue(user: StoredUser, session: Session, issuedAt: Date): IssuedTokens {
    const { accessToken, refreshToken } = this.#config;
    // Never longer than its session: what a store has forgotten can't be revoked any more.
    const accessExpiresAt = new Date(
      Math.min(issuedAt.getTime() + accessToken.expiresInSeconds * 1000, session.expiresAt.getTime()),
    );
    return {
      user,
      session,
      issuedAt,
      accessExpiresAt,
      accessToken: signAccessToken(
        {
          userId: user.id,
          sessionId: session.sessionId,
          roles: user.roles,
          authTime: session.authTime,
          amr: session.amr,
          issuedAt,
          expiresAt: accessExpiresAt,
        },
        accessToken,
      ),
      // All of it follows from the stored session, so that a replay is byte for byte.
      refreshToken: signRefreshToken(
        {
          userId: user.id,
          sessionId: session.sessionId,
          generation: session.generation + 1,
          issuedAt: session.rotatedAt,
          expiresAt: session.expiresAt,
        },
        refreshToken.keys,
      ),
    };
  }
}

function unlessInvalid<T>(token: string | undefined, verify: (token: string) => T): T | undefined {
  if (token === undefined) return undefined;
  try {
    return verify(token);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
