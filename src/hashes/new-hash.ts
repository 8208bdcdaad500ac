import { randomInt } from 'node:crypto';

/** Bytes of a new salt. */
export const SALT_LENGTH = 16;
/** Bytes of a new digest. */
export const DIGEST_LENGTH = 32;

const DJANGO_SALT_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** 131 bits. Django makes a new hash at login if a salt has less than 128. */
const DJANGO_SALT_LENGTH = 22;

/** Django's salts are texts. */
export function djangoSalt(): string {
  const character = () => DJANGO_SALT_CHARACTERS.charAt(randomInt(DJANGO_SALT_CHARACTERS.length));
  return Array.from({ length: DJANGO_SALT_LENGTH }, character).join('');
}
