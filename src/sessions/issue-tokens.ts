import { serviceUnavailable } from '../errors.js';
import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import { signAccessToken } from '../tokens/access-token.js';
import { signRefreshToken } from '../tokens/refresh-token.js';
import type { SessionConfig } from './session-config.js';
import type { AskedClaims } from './asked-claims.js';
import type { TokenClaims } from './token-claims.js';

/** A pair of tokens and what it was made from. */
export interface IssuedTokens {
  user: StoredUser;
  session: Session;
  accessToken: string;
  refreshToken: string;
  issuedAt: Date;
  accessExpiresAt: Date;
  /** Whether the user must enrol a second factor before anything else. */
  enrol?: true;
}

/** Makes the pair of tokens of a stored session. */
export class TokenIssuer {
  readonly #config: Pick<SessionConfig, 'accessToken' | 'refreshToken'>;
  readonly #claims: Pick<TokenClaims, 'exist'>;

  constructor(
    config: Pick<SessionConfig, 'accessToken' | 'refreshToken'>,
    claims: Pick<TokenClaims, 'exist'>,
  ) {
    this.#config = config;
    this.#claims = claims;
  }

  /**
   * @param claims what `TokenClaims` has returned; undefined where there are none
   * @throws AuthError SERVICE_UNAVAILABLE rather than issuing a token without its claims
   */
  issue(user: StoredUser, session: Session, issuedAt: Date, claims: AskedClaims | undefined): IssuedTokens {
    const { accessToken, refreshToken } = this.#config;
    if (this.#claims.exist && !claims)
      throw serviceUnavailable(
        new Error('the session was not found when the app was to be asked for its claims'),
      );
    const { sessionId, authTime, amr } = session;
    // Never longer than its session: a session that the store has forgotten can't be revoked.
    const accessExpiresAt = new Date(
      Math.min(issuedAt.getTime() + accessToken.expiresInSeconds * 1000, session.expiresAt.getTime()),
    );
    const accessClaims = {
      userId: user.id,
      sessionId,
      roles: user.roles,
      authTime,
      amr,
      issuedAt,
      expiresAt: accessExpiresAt,
      ...claims,
    };
    // Everything in the refresh token follows from the stored session, so a replay gives the same text, byte for byte.
    const refreshClaims = {
      userId: user.id,
      sessionId,
      generation: session.generation + 1,
      issuedAt: session.rotatedAt,
      expiresAt: session.expiresAt,
    };
    return {
      user,
      session,
      issuedAt,
      accessExpiresAt,
      accessToken: signAccessToken(accessClaims, accessToken),
      refreshToken: signRefreshToken(refreshClaims, refreshToken.keys),
      ...(claims?.enrol && { enrol: true }),
    };
  }
}
