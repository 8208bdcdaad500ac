import { randomBytes } from 'node:crypto';
import type { ShownSecrets } from '../../http/browser-secret.js';
import { isBrowser } from '../../http/is-browser.js';
import type { OneTimeTokenStore } from '../../stores/one-time-token-store.js';
import type { Transport } from '../../tokens/transport.js';
import { digestOf } from '../../utils/digest.js';

export const CHALLENGE_SECONDS = 300;

const CHALLENGE_BYTES = 32;

/** To register a passkey, or to prove with one who the user is. */
export type ChallengePurpose = 'passkey-registration' | 'passkey';

/** Who may answer a challenge. */
export interface ChallengeData {
  /** The digest of the secret that the browser, or the client, has. */
  readonly browser: string;
  readonly transport: Transport;
  /** Undefined: any user may, so the passkey says who it is. Null: no one may, because the name that was typed has no passkey. */
  readonly userId?: string | null | undefined;
  /** Names the only one who may. Undefined for a challenge to log in. */
  readonly enroller?: string | undefined;
}

/** Challenges that wait for an answer. The store has their hashes. */
export class Challenges {
  readonly #store: OneTimeTokenStore;

  constructor(store: OneTimeTokenStore) {
    this.#store = store;
  }

  /** @param subject the user whose other tokens it ends with. Default: none */
  async create(purpose: ChallengePurpose, data: ChallengeData, subject?: string): Promise<string> {
    const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url');
    const hash = digestOf(challenge);
    await this.#store.create({
      purpose,
      subject: subject ?? hash,
      slot: hash,
      hash,
      data: JSON.stringify(data),
      expiresInSeconds: CHALLENGE_SECONDS,
    });
    return challenge;
  }

  /** Reads it, and spends nothing. @returns undefined in another browser, and for another transport */
  async find(
    purpose: ChallengePurpose,
    challenge: string,
    { transport, secrets }: ShownSecrets,
  ): Promise<ChallengeData | undefined> {
    const token = await this.#store.find(purpose, digestOf(challenge));
    if (!token) return undefined;
    const data = JSON.parse(token.data as string) as ChallengeData;
    return isBrowser(secrets, data.browser) && data.transport === transport ? data : undefined;
  }

  /** Of parallel calls in all processes, only one gets true. */
  async take(purpose: ChallengePurpose, challenge: string): Promise<boolean> {
    return (await this.#store.take(purpose, digestOf(challenge))) !== undefined;
  }
}
