export { argon2, type Argon2Options } from './argon2.js';
export type {
  HashingScheme,
  PasswordFunctions,
  PasswordVerifier,
  ThreadedScheme,
  VerifyingScheme,
} from './password-scheme.js';
export { pbkdf2, type Pbkdf2Options } from './pbkdf2.js';
export { phpass } from './phpass.js';
export { scrypt, type ScryptOptions } from './scrypt.js';
export type { HashForm } from './stored-hash.js';
