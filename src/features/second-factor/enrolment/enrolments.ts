import { nameOfPassword } from '../../../stores/name-of-password.js';
import type { OneTimeTokenStore } from '../../../stores/one-time-token-store.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import type { TotpRules } from '../totp.js';

export const ENROLMENT_SECONDS = 600;

const PURPOSE = 'totp-enrolment';

/** An authenticator app that has its secret, and has yet to show a code. */
export interface Enrolment extends TotpRules {
  /** The id of the factor to come. */
  readonly id: string;
  /** Sealed. */
  readonly secret: string;
}

/** What is kept with the token. */
interface EnrolmentData extends Omit<Enrolment, 'id'> {
  /** The digest of the session that has begun it. */
  readonly session: string;
  /** Names the password that the user had then. */
  readonly password: string;
}

/** Enrolments that wait for a code: one a session, the newest. Another session, or a new password, ends them. */
export class Enrolments {
  readonly #store: OneTimeTokenStore;

  constructor(store: OneTimeTokenStore) {
    this.#store = store;
  }

  async create(user: StoredUser, sessionId: string, { id, ...enrolment }: Enrolment): Promise<void> {
    const session = digestOf(sessionId);
    const data: EnrolmentData = { ...enrolment, session, password: nameOfPassword(user) };
    await this.#store.create({
      purpose: PURPOSE,
      subject: user.id,
      slot: session,
      hash: digestOf(id),
      data: JSON.stringify(data),
      expiresInSeconds: ENROLMENT_SECONDS,
    });
  }

  /** Reads it, and spends nothing. */
  async find(user: StoredUser, sessionId: string, id: string): Promise<Enrolment | undefined> {
    const token = await this.#store.find(PURPOSE, digestOf(id));
    if (token?.subject !== user.id) return undefined;
    const { session, password, ...enrolment } = JSON.parse(token.data as string) as EnrolmentData;
    const isIts = session === digestOf(sessionId) && password === nameOfPassword(user);
    return isIts ? { id, ...enrolment } : undefined;
  }

  /** Of parallel calls in all processes, one is told true. */
  async take(id: string): Promise<boolean> {
    return (await this.#store.take(PURPOSE, digestOf(id))) !== undefined;
  }
}
