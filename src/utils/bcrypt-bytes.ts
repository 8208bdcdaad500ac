/** bcrypt ignores all bytes of a password beyond this number. */
export const BCRYPT_BYTES = 72;

export function isLongForBcrypt(password: string): boolean {
  return Buffer.byteLength(password.normalize('NFC')) > BCRYPT_BYTES;
}
