import type { TextSealer } from '../../tokens/sealed-text.js';
import { usernameKey } from '../../utils/username.js';
import type { CredentialDescriptor } from './credential-descriptor.js';

/** How long the ids of common authenticators are, in blocks of 16 bytes, and how they are reached. */
const KINDS: readonly { readonly blocks: number; readonly transports: readonly string[] }[] = [
  { blocks: 1, transports: ['hybrid', 'internal'] },
  { blocks: 1, transports: ['hybrid', 'internal'] },
  { blocks: 2, transports: ['internal'] },
  { blocks: 4, transports: ['nfc', 'usb'] },
];

/**
 * Passkeys that don't exist, for names without any: the answer doesn't tell who has an account (WebAuthn §14.6.2). Derived from the
 * refresh secret, so a name has the same ones in every process and after every restart.
 */
export function decoysOf(sealer: Pick<TextSealer, 'sign'>, username: string): CredentialDescriptor[] {
  const bytes = (part: number) =>
    Buffer.from(sealer.sign(`passkey decoy ${part}\n${usernameKey(username)}`), 'base64url');
  const kind = KINDS[(bytes(0)[0] as number) % KINDS.length] as (typeof KINDS)[number];
  const id = Buffer.concat(Array.from({ length: kind.blocks }, (_, index) => bytes(index + 1)));
  return [{ type: 'public-key', id: id.toString('base64url'), transports: [...kind.transports] }];
}
