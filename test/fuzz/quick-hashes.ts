import { createHash } from 'node:crypto';
import { PasswordHasher } from '../../src/accounts/password-hasher';

/** Bcrypt takes longer than all the rest of a request; it is tried by itself in passwords.test.ts. These look like its hashes. */
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
