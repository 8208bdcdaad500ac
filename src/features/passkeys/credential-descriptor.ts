import type { Passkey } from '../stored-passkeys.js';

/** A passkey, as browsers take it. */
export interface CredentialDescriptor {
  readonly type: 'public-key';
  readonly id: string;
  readonly transports: string[];
}

export function descriptorsOf(passkeys: readonly Passkey[]): CredentialDescriptor[] {
  return passkeys.map(({ id, data }) => ({ type: 'public-key', id, transports: [...data.transports] }));
}
