import type { OneTimeTokenStore } from '../../../stores/one-time-token-store.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { nameOfEnroller } from '../../name-of-enroller.js';
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
  /** Names who has begun it. */
  readonly enroller: string;
}

/** Enrolments that wait for a code: one a session, the newest. Another session, or a new password, ends them. */
export class Enrolments {
  readonly #store: OneTimeTokenStore;

  constructor(store: OneTimeTokenStore) {
    this.#store = store;
  }

  async create(user: StoredUser, sessionId: string, { id, ...enrolment }: Enrolment): Promise<void> {
    const data: EnrolmentData = { ...enrolment, enroller: nameOfEnroller(user, sessionId) };
    await this.#store.create({
      purpose: PURPOSE,
      subject: user.id,
      slot: digestOf(sessionId),
      hash: digestOf(id),
      data: JSON.stringify(data),
      expiresInSeconds: ENROLMENT_SECONDS,
    });
  }

  /** Reads it, and spends nothing. */
  async find(user: StoredUser, sessionId: string, id: string): Promise<Enrolment | undefined> {
    const token = await this.#store.find(PURPOSE, digestOf(id));
    if (token?.subject !== user.id) return undefined;
    const { enroller, ...enrolment } = JSON.parse(token.data as string) as EnrolmentData;
    return enroller === nameOfEnroller(user, sessionId) ? { id, ...enrolment } : undefined;
  }

  /** Of parallel calls in all processes, one is told true. */
  async take(id: string): Promise<boolean> {
    return (await this.#store.take(PURPOSE, digestOf(id))) !== undefined;
  }
}
