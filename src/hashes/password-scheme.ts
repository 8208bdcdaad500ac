/** Checks hashes of one form: an entry of the option `password.verifiers`. */
export interface PasswordVerifier {
  /**
   * Whether a stored hash has the form of this scheme. Must be quick: it is called at each login whose hash no scheme before it takes.
   * Those are bcrypt, the entries of the list before this one, and a `password.hasher` that has `matches`.
   */
  matches(hash: string): boolean;
  /** Whether the password is the one that the hash was made of. A promise or the value itself; the latter blocks the event loop. */
  verify(password: string, hash: string): Promise<boolean> | boolean;
  /**
   * Why a hash of this form is never checked: checking it would take too much memory or time. The text has no part of salt or digest, so
   * it may be logged. Undefined if the hash is fine. Default: every hash is.
   */
  problem?(hash: string): string | undefined;
  /** Ends what `verify` has started, such as threads: `auth.close()` calls it. A later call of `verify` starts it again. Default: nothing. */
  close?(): Promise<void> | void;
}

/** Makes and checks hashes in place of bcrypt: the option `password.hasher`. */
export interface PasswordFunctions {
  /** Hashes a password with a new salt. The text is stored as it is. */
  hash(password: string): Promise<string> | string;
  /** Whether the password is the one that the hash was made of. */
  verify(password: string, hash: string): Promise<boolean> | boolean;
  /** Whether a hash that has just matched should be made again, as when its cost is too low. Default: never. */
  needsRehash?(hash: string): Promise<boolean> | boolean;
  /** Whether a stored hash is one of `hash`. Default: every hash that isn't bcrypt's and has no form of `password.verifiers`. */
  matches?(hash: string): boolean;
  /** As for `password.verifiers`. */
  problem?(hash: string): string | undefined;
  /** As for `password.verifiers`. */
  close?(): Promise<void> | void;
}

/** The schemes that the options name besides bcrypt. */
export interface OwnSchemes {
  readonly hasher?: PasswordFunctions | undefined;
  readonly verifiers?: readonly PasswordVerifier[] | undefined;
}

/** A scheme of this package. It throws an error, which is answered with 503, if the machine lacks memory or threads for a hash. */
export interface VerifyingScheme extends PasswordVerifier {
  /** False for a hash of another form, and for one that has a `problem`. */
  verify(password: string, hash: string): Promise<boolean>;
  problem(hash: string): string | undefined;
}

/** What `phpass()` returns: it only checks hashes. */
export interface ThreadedScheme extends VerifyingScheme {
  /** Ends the threads; calls that are under way reject. The next call starts new ones. */
  close(): Promise<void>;
}

/** What `argon2()`, `pbkdf2()` and `scrypt()` return. */
export interface HashingScheme extends VerifyingScheme {
  /** Hashes a password with a random salt of 16 bytes. */
  hash(password: string): Promise<string>;
  /** Whether the hash has another form or other costs than `hash` gives today. */
  needsRehash(hash: string): boolean;
}
