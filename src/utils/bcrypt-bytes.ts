import { nfc } from './nfc.js';

/** bcrypt ignores all bytes of a password beyond this number. */
export const BCRYPT_BYTES = 72;

/** What is done with a password of more than so many bytes. */
export type LongPasswords = 'prehash' | 'refuse';

export function isLongForBcrypt(password: string): boolean {
  return Buffer.byteLength(nfc(password)) > BCRYPT_BYTES;
}
