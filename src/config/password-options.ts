import type { PasswordFunctions, PasswordVerifier } from '../hashes/password-scheme.js';

/** The option `password` of `createAuth`. */
export interface PasswordOptions {
  /** How long a new password must be, in code points: 1 to 64. Old passwords stay valid. Default: 8. */
  minLength?: number;
  /**
   * bcrypt's cost, 10 to 31. Each step doubles the time of a login. A hash with another cost is replaced when its user logs in.
   * Default: 12.
   */
  cost?: number;
  /**
   * What is done with a password that is too long for bcrypt, which reads 72 bytes. `'prehash'` hashes it first; only this package
   * can check such a hash. `'refuse'`, for a column that other code reads too, answers 400 at /register and /password, and 401 at
   * login. A hash that one of `verifiers` checks still lets its user log in, and isn't replaced. Default: `'prehash'`.
   */
  long?: 'prehash' | 'refuse';
  /**
   * Makes and checks hashes in place of bcrypt: `scrypt()` or another scheme of `passport-visa/hashes`, or functions of yours:
   * `{ hash, verify, needsRehash, matches }`. bcrypt hashes still verify; like other old hashes they are replaced when their user
   * logs in. `cost` and `long` then apply only to bcrypt hashes. A function that throws makes the request fail with 500, one that
   * takes longer than 30 seconds with 503, and so does a scheme of `passport-visa/hashes` without memory or threads. `close`, if there
   * is one, is called by `auth.close()`. Default: none, and bcrypt is used.
   * @throws TypeError for anything without the functions `hash` and `verify`
   */
  hasher?: PasswordFunctions;
  /**
   * Schemes that only check hashes, such as `phpass()`, for rows that another system has made. The first one whose `matches` accepts
   * the form of a hash checks it. The hash is replaced when its user logs in. Default: none.
   * @throws TypeError for an entry without the functions `matches` and `verify`
   */
  verifiers?: readonly PasswordVerifier[];
}
