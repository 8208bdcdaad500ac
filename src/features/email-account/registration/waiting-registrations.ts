import type { OneTimeToken, OneTimeTokenStore } from '../../../stores/one-time-token-store.js';
import type { TextSealer } from '../../../tokens/sealed-text.js';
import { digestOf } from '../../../utils/digest.js';
import { usernameKey } from '../../../utils/username.js';
import type { RegisteredBy } from '../address-proofs.js';
import { dataOf, type NewLink, type OneTimeLinks } from '../one-time-links.js';

/** An account that will exist once its address is proved. */
export interface WaitingRegistration extends RegisteredBy {
  readonly address: string;
  readonly passwordHash: string;
}

interface FoundRegistration {
  readonly registration: WaitingRegistration;
  /** Of the browser that registered. */
  readonly secret: string;
}

interface WaitingServices {
  readonly links: OneTimeLinks;
  readonly sealer: TextSealer;
  readonly tokens: OneTimeTokenStore;
  readonly lifetimeSeconds: number;
}

interface SealedData {
  sealed: string;
}

/** Of the token that a browser finds again by its secret. No mail contains it. */
const PURPOSE = 'registration';
/** Of the token that a mail contains. */
const LINK = 'email-verification';

/**
 * Registrations whose address isn't proved yet, one for each browser and address. A stranger's doesn't end the owner's, because each
 * browser has its slot.
 *
 * Each is kept twice: with the token of its link, and under the secret of its browser, from which another link can be made. Both are
 * sealed, because the store of the sessions may have other backups and readers than the store of the users, and password hashes
 * belong in the latter. Someone who can write to the store of the sessions can't make a registration either.
 */
export class WaitingRegistrations {
  readonly #services: WaitingServices;

  constructor(services: WaitingServices) {
    this.#services = services;
  }

  /** Replaces what the same browser has registered for the address before. */
  async add(registration: WaitingRegistration, secret: string): Promise<NewLink> {
    const { links, tokens, lifetimeSeconds } = this.#services;
    const subject = subjectOf(registration.address);
    const slot = registration.browser;
    const data: SealedData = { sealed: this.#seal(registration, subject) };
    await tokens.create({
      purpose: PURPOSE,
      subject,
      slot,
      hash: hashFor(subject, secret),
      data: JSON.stringify(data),
      expiresInSeconds: lifetimeSeconds,
    });
    return links.create(LINK, subject, { slot, data });
  }

  /** Takes as long as `add`, for an address that gets no link. */
  async pretend(address: string): Promise<void> {
    await this.#services.links.pretend(LINK, address);
    await this.#services.links.pretend(LINK, address);
  }

  /** What the browser with one of these secrets has registered for the address. */
  async findByBrowser(address: string, secrets: readonly string[]): Promise<FoundRegistration | undefined> {
    const subject = subjectOf(address);
    let first: FoundRegistration | undefined;
    for (const secret of secrets) {
      const found = await this.#services.tokens.find(PURPOSE, hashFor(subject, secret));
      const registration = found && this.#open(found);
      if (registration) first ??= { registration, secret };
    }
    return first;
  }

  /** @returns undefined for a token of another kind, or one that was sealed with a secret that is gone */
  inToken(token: OneTimeToken): WaitingRegistration | undefined {
    return this.#open(token);
  }

  #seal(registration: WaitingRegistration, subject: string): string {
    return this.#services.sealer.seal(JSON.stringify(registration), sealedFor(subject));
  }

  #open(token: OneTimeToken): WaitingRegistration | undefined {
    const { sealed } = dataOf<SealedData>(token);
    const text = sealed && this.#services.sealer.open(sealed, sealedFor(token.subject));
    return text ? (JSON.parse(text) as WaitingRegistration) : undefined;
  }
}

/** No address in the keys of the store. The id of a user can't be the same by chance. */
function subjectOf(address: string): string {
  return `address ${digestOf(usernameKey(address))}`;
}

function hashFor(subject: string, secret: string): string {
  return digestOf(`${subject} ${secret}`);
}

/** Nothing that was sealed for one address opens for another. */
function sealedFor(subject: string): string {
  return `waiting registration of ${subject}`;
}
