import { createHash } from 'node:crypto';
import { PasswordHasher } from '../../src/accounts/password-hasher';

/**
 * Replaces bcrypt, which takes longer than the rest of a request, by quick hashes that look like its own. passwords.test.ts tests
 * bcrypt itself.
 */
export function useQuickHashes(): void {
  beforeAll(() => {
    jest
      .spyOn(PasswordHasher.prototype, 'hash')
      .mockImplementation((password) => Promise.resolve(quickHash(password)));
    jest
      .spyOn(PasswordHasher.prototype, 'verify')
      .mockImplementation((password, stored) =>
        Promise.resolve({ matches: quickHash(password) === stored, needsRehash: false }),
      );
  });
  afterAll(() => jest.restoreAllMocks());
}

export function quickHash(password: string): string {
  return `$2b$10$${createHash('sha384').update(password.normalize('NFC')).digest('base64').slice(0, 53)}`;
}
