/** One way to hash, as `PasswordHasher` uses it. */
export interface Scheme {
  /** Whether a stored hash has the form of this scheme. */
  matches(hash: string): boolean;
  /** With null, the user is unknown: it takes the time of a wrong password, and the result doesn't count. */
  verify(password: string, hash: string | null): Promise<boolean>;
  /** Why a hash of this form is never checked. */
  problem?(hash: string): string | undefined;
  /** Ends what `verify` and `hash` have started. */
  close(): Promise<void>;
}

/** A scheme that makes new hashes. */
export interface MainScheme extends Scheme {
  hash(password: string): Promise<string>;
  /** Whether `hash` throws for this password. */
  refuses?(password: string): boolean;
  /** Tries it once. */
  ready?(): Promise<void>;
  /** Whether a hash that has matched should be made again. */
  needsRehash(hash: string, password: string): boolean | Promise<boolean>;
}
