import { AuthError } from '../../errors.js';
import type { RequestOrigin } from '../../events/auth-event.js';
import { nameOfPassword } from '../../stores/name-of-password.js';
import type { OneTimeTokenStore } from '../../stores/one-time-token-store.js';
import type { StoredUser } from '../../stores/user-store.js';
import type { Transport } from '../../tokens/transport.js';
import { digestOf } from '../../utils/digest.js';
import type { FeatureContext } from '../feature.js';

export const CHALLENGE_SECONDS = 300;

const PURPOSE = 'second-factor';

/** How the login goes on after its second step. */
export interface PendingLogin {
  readonly transport: Transport;
  readonly remember: boolean;
  /** How the user has proved the first step (RFC 8176). Empty where that isn't known. */
  readonly amr: readonly string[];
  /** When the app says that the user did, in milliseconds since 1970. */
  readonly authTime?: number | undefined;
}

/** A login between its two steps. */
export interface Challenge extends PendingLogin {
  readonly userId: string;
  /** The name of the challenge in the store. It doesn't open it. */
  readonly hash: string;
  /** Names the password that the user had at the first step. */
  readonly password: string;
}

/** What is kept with the token. */
type ChallengeData = Omit<Challenge, 'userId' | 'hash'>;

/**
 * Logins between their two steps. A challenge is no login: it only lets its browser or client try a second factor. The store has a hash
 * of its secret. Those of several browsers exist beside each other.
 */
export class Challenges {
  readonly #store: OneTimeTokenStore;

  constructor(store: OneTimeTokenStore) {
    this.#store = store;
  }

  async create(user: StoredUser, secret: string, login: PendingLogin): Promise<void> {
    const hash = digestOf(secret);
    const data: ChallengeData = { ...login, password: nameOfPassword(user) };
    await this.#store.create({
      purpose: PURPOSE,
      subject: user.id,
      slot: hash,
      hash,
      data: JSON.stringify(data),
      expiresInSeconds: CHALLENGE_SECONDS,
    });
  }

  /** Reads it, and spends nothing. @returns undefined for a secret of none, or of one for another transport */
  async find(secret: string, transport: Transport): Promise<Challenge | undefined> {
    const hash = digestOf(secret);
    const token = await this.#store.find(PURPOSE, hash);
    if (!token) return undefined;
    const data = JSON.parse(token.data as string) as ChallengeData;
    return data.transport === transport ? { ...data, userId: token.subject, hash } : undefined;
  }

  /** Of parallel calls in all processes, only one gets true. */
  async take({ hash }: Pick<Challenge, 'hash'>): Promise<boolean> {
    return (await this.#store.take(PURPOSE, hash)) !== undefined;
  }
}

/** One answer for a challenge that is unknown, spent, expired, of another browser, or whose user or password has changed. */
export function challengeRefused(
  { events }: Pick<FeatureContext, 'events'>,
  reason: 'unknown' | 'taken',
  origin: RequestOrigin,
): AuthError {
  events.announce('flowStateFailed', () => ({ reason, ...origin }));
  return new AuthError('FLOW_STATE_INVALID');
}
