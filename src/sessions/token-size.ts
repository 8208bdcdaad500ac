import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import { accessTokenLength } from '../tokens/access-token.js';
import { TokenTooLongError } from '../tokens/jwt.js';
import type { Transport } from '../tokens/transport.js';
import type { SessionConfig } from './session-config.js';
import type { AskedClaims } from './asked-claims.js';

/** What of a session goes into an access token; `amr` may not be known yet. */
type TokenSession = Pick<Session, 'sessionId' | 'amr'>;

/** In a token: 16 methods of 64 characters, all escaped, each with its quotes and comma, and the claim's name. */
const MAX_AMR_LENGTH = Math.ceil(((16 * (2 * 64 + 3) + 10) * 4) / 3);
/** In seconds, no time in a token has more digits than this one (`isTime`). */
const LONGEST_TIME = new Date(1e14 - 1);

/**
 * Whether an access token fits where it has to go. Checked before anything is stored. A browser drops a cookie that is too
 * long without a word; a refresh whose tokens are lost is tried again, and looks like theft.
 */
export class TokenSize {
  readonly #config: Pick<SessionConfig, 'accessToken' | 'maxTokenLength' | 'now'>;
  /** Of the token of a user without an id and roles, with the longest `amr`. */
  readonly #lengthWithoutUser: number;

  constructor(config: Pick<SessionConfig, 'accessToken' | 'maxTokenLength' | 'now'>) {
    this.#config = config;
    const times = { authTime: LONGEST_TIME, issuedAt: LONGEST_TIME, expiresAt: LONGEST_TIME };
    const withoutUser = {
      userId: '',
      sessionId: '',
      roles: [],
      emailVerified: false,
      enrol: false,
      ...times,
    };
    this.#lengthWithoutUser = accessTokenLength(withoutUser, config.accessToken) + MAX_AMR_LENGTH;
  }

  /**
   * Whether a token without claims of the app's own surely fits, with the longest `amr` that a session can have. Every refresh asks
   * this, so it estimates.
   */
  fitsWithAnyAmr({ id, roles }: StoredUser, sessionId: string, transport: Transport): boolean {
    const ofUser = Buffer.byteLength(JSON.stringify([id, sessionId, roles]));
    return this.#lengthWithoutUser + Math.ceil((ofUser * 4) / 3) <= this.#config.maxTokenLength[transport];
  }

  /** @throws TokenTooLongError that names the user, the cause and the cure */
  assertTokenFits(user: StoredUser, session: TokenSession, transport: Transport, claims?: AskedClaims): void {
    const length = this.#length(user, session, claims);
    const limit = this.#config.maxTokenLength[transport];
    if (length <= limit) return;
    const where = transport === 'cookie' ? 'access token in the cookie' : 'access token';
    throw new TokenTooLongError(`The ${where} of user ${JSON.stringify(user.id)}`, length, limit);
  }

  #length({ id: userId, roles }: StoredUser, { sessionId, amr }: TokenSession, claims?: AskedClaims): number {
    const { accessToken, now } = this.#config;
    const time = new Date(now());
    const times = { authTime: time, issuedAt: time, expiresAt: time };
    return accessTokenLength({ userId, sessionId, roles, amr, ...claims, ...times }, accessToken);
  }
}
