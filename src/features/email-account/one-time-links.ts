import type { OneTimeTokenPurpose } from '../../events/auth-event.js';
import { newSecret } from '../../http/new-secret.js';
import type { OneTimeToken, OneTimeTokenStore } from '../../stores/one-time-token-store.js';
import { digestOf } from '../../utils/digest.js';
import type { LinkPurpose, Links } from './options.js';

/** What a mail says of its link. */
export interface NewLink {
  readonly url: string;
  readonly expiresAt: Date;
  readonly lifetimeSeconds: number;
}

/** What only the owner of the user's address gets. */
const SENT_TO_OWN_ADDRESS: readonly OneTimeTokenPurpose[] = [
  'email-verification',
  'password-reset',
  'email-undo',
  'login-link',
  'login-code',
];

interface LinkDetails {
  /** Tokens of several slots are good side by side. Default: one slot, in which only the newest token is good. */
  slot?: string;
  data?: object;
  /** At least as long as a secret of `newSecret`. Default: a new one. */
  token?: string;
}

interface LinksConfig {
  readonly baseUrl: string;
  readonly links: Links;
  readonly now: () => number;
}

/** Links that are good once. The store has only hashes of their tokens. */
export class OneTimeLinks {
  readonly #store: OneTimeTokenStore;
  readonly #config: LinksConfig;

  constructor(store: OneTimeTokenStore, config: LinksConfig) {
    this.#store = store;
    this.#config = config;
  }

  /**
   * Makes a link. It replaces the one before of the same purpose, subject and slot.
   * @param subject whom it is for: the id of a user, or the key of an address that has no user yet
   */
  async create(
    purpose: LinkPurpose,
    subject: string,
    { slot, data, token = newSecret() }: LinkDetails = {},
  ): Promise<NewLink> {
    const { baseUrl, links, now } = this.#config;
    const { path, lifetimeSeconds } = links[purpose];
    await this.#store.create({
      purpose,
      subject,
      slot,
      hash: digestOf(token),
      ...(data && { data: JSON.stringify(data) }),
      expiresInSeconds: lifetimeSeconds,
    });
    // In the fragment, which browsers send to no server.
    const url = `${baseUrl}${path}#token=${token}`;
    return { url, expiresAt: new Date(now() + lifetimeSeconds * 1000), lifetimeSeconds };
  }

  /** Takes as long as `create`, for an address that gets no link. */
  async pretend(purpose: LinkPurpose, address: string): Promise<void> {
    await this.#store.create({
      purpose: `no ${purpose}`,
      subject: digestOf(address),
      hash: digestOf(newSecret()),
      expiresInSeconds: 1,
    });
  }

  /** Reads a token without using it up. */
  find(purpose: LinkPurpose, token: string): Promise<OneTimeToken | undefined> {
    return this.#store.find(purpose, digestOf(token));
  }

  /** Of parallel calls in all processes, one gets it. */
  take(purpose: LinkPurpose, token: string): Promise<OneTimeToken | undefined> {
    return this.#store.take(purpose, digestOf(token));
  }

  /** Ends all that a user or an address was sent. Links that put an old address back stay good: only their use and their age end them. */
  async endAll(subject: string, { except = [] }: { except?: readonly LinkPurpose[] } = {}): Promise<void> {
    await this.#store.removeAll(subject, { except: ['email-undo', ...except] });
  }

  /** Ends what someone has begun in the user's name, except what was sent to the user's own address. */
  async endElsewhere(userId: string): Promise<void> {
    await this.#store.removeAll(userId, { except: SENT_TO_OWN_ADDRESS });
  }
}

/** The `data` that `create` was given. Nothing else writes it, so its form is known. */
export function dataOf<Data>(token: OneTimeToken): Partial<Data> {
  return JSON.parse(token.data ?? '{}') as Partial<Data>;
}
