import { publicUser, type PublicUser } from '../stores/public-user.js';
import type { IssuedTokens } from './issue-tokens.js';

/** Both tokens of a session, for code that answers in its own way. */
export interface SessionTokens {
  /** The user as in the answer of POST /login. */
  user: PublicUser;
  sessionId: string;
  accessToken: string;
  refreshToken: string;
  accessTokenExpiresAt: Date;
  /** When the session ends unless it is refreshed before. */
  refreshTokenExpiresAt: Date;
  /** With the feature `secondFactor`: the user must enrol one first, and can do nothing else with these tokens. */
  enrol?: true;
}

/** What server code gets of a pair of tokens. */
export function sessionTokens(issued: IssuedTokens): SessionTokens {
  const { user, session, accessToken, refreshToken, accessExpiresAt, enrol } = issued;
  return {
    user: publicUser(user),
    sessionId: session.sessionId,
    accessToken,
    refreshToken,
    accessTokenExpiresAt: accessExpiresAt,
    refreshTokenExpiresAt: session.expiresAt,
    ...(enrol && { enrol }),
  };
}
