import type { StoredUser } from '../../stores/user-store.js';
import type { CredentialStore } from '../../stores/credential-store.js';
import { usernameKey } from '../../utils/username.js';
import type { EmailAccountConfig } from './options.js';

/** Whether users have proved that they read the mails of their address. */
export class AddressProofs {
  readonly #credentials: CredentialStore;
  readonly #verification: EmailAccountConfig['verification'];

  constructor(credentials: CredentialStore, { verification }: Pick<EmailAccountConfig, 'verification'>) {
    this.#credentials = credentials;
    this.#verification = verification;
  }

  /** Every account counts as proved where none exists before its address is. */
  async isProved(user: StoredUser): Promise<boolean> {
    if (this.#verification === 'required') return true;
    return (await this.#credentials.find(KIND, idOf(user)))?.userId === user.id;
  }

  /** The user has just used a token that was sent to the address. */
  async prove(user: StoredUser): Promise<void> {
    if (this.#verification === 'required') return;
    await this.#credentials.add({ userId: user.id, kind: KIND, id: idOf(user), data: '' });
  }
}

const KIND = 'verified-address';

/** An address that is changed isn't proved by the proof of the one before. */
function idOf({ id, username }: StoredUser): string {
  return `${usernameKey(username)} ${id}`;
}
