import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import { accessTokenLength } from '../tokens/access-token.js';
import { TokenTooLongError } from '../tokens/jwt.js';
import type { Transport } from '../tokens/transport.js';
import type { SessionConfig } from './session-config.js';

/** What of a session goes into an access token; `amr` may not be known yet. */
type TokenSession = Pick<Session, 'sessionId' | 'amr'>;

/** In a token: 16 methods of 64 characters, all escaped, each with its quotes and comma, and the claim's name. */
const MAX_AMR_LENGTH = Math.ceil(((16 * (2 * 64 + 3) + 10) * 4) / 3);

/**
 * Whether an access token fits where it has to go. Checked before anything is stored. A browser drops a cookie that is too
 * long without a word; a refresh whose tokens are lost is tried again, and looks like theft.
 */
export class TokenSize {
  readonly #config: Pick<SessionConfig, 'accessToken' | 'maxTokenLength' | 'now'>;

  constructor(config: Pick<SessionConfig, 'accessToken' | 'maxTokenLength' | 'now'>) {
    this.#config = config;
  }

  /** Whether the token fits with the longest `amr` that a session can have. */
  fitsWithAnyAmr(user: StoredUser, sessionId: string, transport: Transport): boolean {
    return this.#length(user, { sessionId }) + MAX_AMR_LENGTH <= this.#config.maxTokenLength[transport];
  }

  /** @throws TokenTooLongError that names the user, the cause and the cure */
  assertTokenFits(user: StoredUser, session: TokenSession, transport: Transport): void {
    const length = this.#length(user, session);
    const limit = this.#config.maxTokenLength[transport];
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
}
