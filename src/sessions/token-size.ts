import type { AuthConfig } from '../config/auth-config.js';
import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import { accessTokenLength } from '../tokens/access-token.js';
import { longestToken } from '../http/cookies.js';
import { MAX_TOKEN_LENGTH, TokenTooLongError } from '../tokens/jwt.js';

/** How the tokens leave, which says how long they may be. */
export type Transport = 'cookie' | 'body';

/** What of a session goes into an access token; `amr` may not be known yet. */
type TokenSession = Pick<Session, 'sessionId' | 'amr'>;

/** In a token: 16 methods of 64 characters, all escaped, each with its quotes and comma, and the claim's name. */
const MAX_AMR_LENGTH = Math.ceil(((16 * (2 * 64 + 3) + 10) * 4) / 3);

/**
 * Whether an access token would be short enough for whoever gets it. Asked before anything is stored: a browser drops a
 * longer cookie without a word, and a refresh whose tokens are lost is tried again and passes for a theft.
 */
export class AccessTokenRoom {
  readonly #config: AuthConfig;

  constructor(config: AuthConfig) {
    this.#config = config;
  }

  /** Whatever the session says of how its user logged in. */
  fitsAny(user: StoredUser, sessionId: string, transport: Transport): boolean {
    return this.#length(user, { sessionId }) + MAX_AMR_LENGTH <= this.#limit(transport);
  }

  /** @throws TokenTooLongError that names the user, the cause and the cure */
  assertFits(user: StoredUser, session: TokenSession, transport: Transport): void {
    const length = this.#length(user, session);
    const limit = this.#limit(transport);
    if (length <= limit) return;
    const where = transport === 'cookie' ? 'access token in the cookie' : 'access token';
    throw new TokenTooLongError(`The ${where} of user ${JSON.stringify(user.id)}`, length, limit);
  }

  #length(user: StoredUser, { sessionId, amr }: TokenSession): number {
    const { accessToken, now } = this.#config;
    const time = new Date(now());
    const times = { authTime: time, issuedAt: time, expiresAt: time };
    return accessTokenLength({ userId: user.id, sessionId, roles: user.roles, amr, ...times }, accessToken);
  }

  #limit(transport: Transport): number {
    const { cookies } = this.#config;
    return transport === 'cookie' ? longestToken(cookies.accessName, cookies) : MAX_TOKEN_LENGTH;
  }
}
