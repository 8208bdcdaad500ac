import type { CredentialStore } from '../../stores/credential-store.js';
import type { StoredUser } from '../../stores/user-store.js';
import type { Transport } from '../../tokens/transport.js';
import { usernameKey } from '../../utils/username.js';
import type { EmailAccountConfig } from './options.js';

/** How an account came to be whose address isn't proved yet. */
export interface RegisteredBy {
  /** Digest of the secret of the browser. */
  readonly browser: string;
  /** For the login that comes with the proof. */
  readonly transport: Transport;
  readonly remember: boolean;
}

type Named = Pick<StoredUser, 'id' | 'username'>;

/** Whether users have proved that they read the mails of their address. */
export class AddressProofs {
  readonly #credentials: CredentialStore;
  readonly #verification: EmailAccountConfig['verification'];

  constructor(credentials: CredentialStore, { verification }: Pick<EmailAccountConfig, 'verification'>) {
    this.#credentials = credentials;
    this.#verification = verification;
  }

  /** Every account counts as proved where none exists before its address is. */
  async isProved(user: Named): Promise<boolean> {
    if (this.#verification === 'required') return true;
    return (await this.#credentials.find(PROVED, idOf(user)))?.userId === user.id;
  }

  /**
   * Marks the address as proved, and nothing more. Where a mail that was sent to the address is the only proof, call `proveMailbox`.
   */
  async prove(user: Named): Promise<void> {
    if (this.#verification === 'required') return;
    await this.#credentials.add({ userId: user.id, kind: PROVED, id: idOf(user), data: '' });
  }

  async rememberRegistration({ id }: Named, by: RegisteredBy): Promise<void> {
    await this.#credentials.add({ userId: id, kind: REGISTERED, id, data: JSON.stringify(by) });
  }

  /** Undefined for an account from before the feature, or that server code has made. */
  async registrationOf({ id }: Named): Promise<RegisteredBy | undefined> {
    const found = await this.#credentials.find(REGISTERED, id);
    return found?.userId === id ? (JSON.parse(found.data) as RegisteredBy) : undefined;
  }
}

const PROVED = 'verified-address';
const REGISTERED = 'registered-by';

/** An address that is changed isn't proved by the proof of the one before. */
function idOf({ id, username }: Named): string {
  return `${usernameKey(username)} ${id}`;
}
