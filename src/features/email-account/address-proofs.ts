import type { CredentialStore } from '../../stores/credential-store.js';
import type { StoredUser, UserStore } from '../../stores/user-store.js';
import type { Transport } from '../../tokens/transport.js';
import { usernameKey } from '../../utils/username.js';
import type { EmailAccountConfig } from './options.js';

/** Who registered an address that isn't proved yet. */
export interface RegisteredBy {
  /** The digest of the browser's secret. */
  readonly browser: string;
  /** For the login that comes with the proof, as `remember` is. */
  readonly transport: Transport;
  readonly remember: boolean;
}

type Named = Pick<StoredUser, 'id' | 'username'>;

/** Which users have proved that they can read the mails to their address. */
export class AddressProofs {
  readonly #credentials: CredentialStore;
  readonly #users: Pick<UserStore, 'isEmailVerified' | 'setEmailVerified'>;
  readonly #verification: EmailAccountConfig['verification'];

  /** @param users may have a column of the app's that says the same */
  constructor(
    credentials: CredentialStore,
    users: Pick<UserStore, 'isEmailVerified' | 'setEmailVerified'>,
    { verification }: Pick<EmailAccountConfig, 'verification'>,
  ) {
    this.#credentials = credentials;
    this.#users = users;
    this.#verification = verification;
  }

  /** With `verification: 'required'` always true: no account exists before its address is proved. */
  async isProved(user: Named): Promise<boolean> {
    if (this.#verification === 'required') return true;
    // Both are asked always: otherwise the time would tell more than the answer.
    const [isInColumn, kept] = await Promise.all([
      this.#users.isEmailVerified?.(user.id, user.username),
      this.#credentials.find(PROVED, idOf(user)),
    ]);
    return isInColumn === true || kept?.userId === user.id;
  }

  /** Only marks the address as proved. If a mail to the address is the only proof, call `proveMailbox` instead. */
  async prove(user: Named): Promise<void> {
    if (this.#verification !== 'required')
      await this.#credentials.add({ userId: user.id, kind: PROVED, id: idOf(user), data: '' });
    await this.#users.setEmailVerified?.(user.id, user.username);
  }

  /** After the user has got a former address back: the app's column forgets with each rename what was proved. */
  async restored(user: Named): Promise<void> {
    if (await this.isProved(user)) await this.#users.setEmailVerified?.(user.id, user.username);
  }

  /** Keeps who registered the user, for `registrationOf`. */
  async rememberRegistration({ id }: Named, by: RegisteredBy): Promise<void> {
    await this.#credentials.add({ userId: id, kind: REGISTERED, id, data: JSON.stringify(by) });
  }

  /** @returns undefined for an account from before the feature, and for one that server code has made */
  async registrationOf({ id }: Named): Promise<RegisteredBy | undefined> {
    const found = await this.#credentials.find(REGISTERED, id);
    return found?.userId === id ? (JSON.parse(found.data) as RegisteredBy) : undefined;
  }
}

const PROVED = 'verified-address';
const REGISTERED = 'registered-by';

/** With the address in it, because proving one address doesn't prove the next. */
function idOf({ id, username }: Named): string {
  return `${usernameKey(username)} ${id}`;
}
