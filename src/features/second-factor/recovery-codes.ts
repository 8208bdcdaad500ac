import { randomBytes } from 'node:crypto';
import { base32 } from '../../utils/base32.js';
import { digestOf } from '../../utils/digest.js';

/** 25 characters of 5 bits: 125 bits. */
const CHARACTERS = 25;
const RANDOM_BYTES = 16;
const CODE = /^[A-Z2-7]{25}$/;
/** People read these as letters, and no code contains them. */
const MISREAD: Readonly<Record<string, string>> = { '0': 'O', '1': 'I', '8': 'B' };

/** A new code as the user sees it: `K7QXM-…`. */
export function newRecoveryCode(): string {
  const code = base32(randomBytes(RANDOM_BYTES)).slice(0, CHARACTERS);
  return (code.match(/.{5}/g) as string[]).join('-');
}

/** What was typed, without white space and dashes. @returns undefined for a text that can't be a code */
export function readRecoveryCode(typed: string): string | undefined {
  const code = typed
    .replaceAll(/[\s-]/g, '')
    .toUpperCase()
    .replaceAll(/[018]/g, (digit) => MISREAD[digit] as string);
  return CODE.test(code) ? code : undefined;
}

/** What the store has of a code. It has too many bits to be found by trying, and is good for this user alone. */
export function recoveryCodeHash(userId: string, code: string): string {
  return digestOf(`recovery code\n${code.replaceAll('-', '')}\n${userId}`);
}
