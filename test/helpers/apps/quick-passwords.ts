import { createHash } from 'node:crypto';
import { PasswordHasher } from '../../../src/accounts/password-hasher';
import { withoutMark } from '../../../src/stores/unfinished-change';

// bcrypt takes longer than the rest of a request, and most tests hash. Their hashes only look like its own. Hashes from elsewhere are
// checked by bcrypt, which test/accounts, passwords.test.ts and the tests of whole processes use.
const MARKER = '$2b$10$quick';
const { hash, verify } = PasswordHasher.prototype;

/** All apps of the test file hash quickly, unless it calls `useRealPasswords()`. */
export function useQuickPasswords(): void {
  PasswordHasher.prototype.hash = (password) => Promise.resolve(quickHash(password));
  PasswordHasher.prototype.verify = function (password, found) {
    const stored = found === null ? null : withoutMark(found);
    if (stored !== null && !stored.startsWith(MARKER)) return verify.call(this, password, stored);
    return Promise.resolve({ matches: quickHash(password) === stored, needsRehash: false });
  };
}

/** Call it at the top of a test file that is about bcrypt: its cost, its time, its threads, its limit of 72 bytes. */
export function useRealPasswords(): void {
  Object.assign(PasswordHasher.prototype, { hash, verify });
}

export function quickHash(password: string): string {
  return MARKER + createHash('sha384').update(password.normalize('NFC')).digest('base64').slice(0, 48);
}
