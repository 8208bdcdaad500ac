/** Sessions of one user that have ended. */
export interface Revocation {
  readonly userId: string;
  readonly sessionIds: readonly string[];
}

/** Follows the revocations of all processes. */
export interface RevocationFollower {
  /** How long the store must keep a revocation for processes that start later, in seconds: as long as access tokens are valid. */
  readonly keepForSeconds: number;
  /** Reports a revocation. May be called twice for the same session. */
  onRevoked(revocation: Revocation): void;
  /**
   * Says that every revocation so far has been reported. As long as this stays true, it is called again within `validForMs`
   * milliseconds.
   */
  onCurrent(validForMs: number): void;
  /** Says that revocations may be missed from now on, until `onCurrent` is called again. */
  onLost(error: unknown): void;
}

/** What `followRevocations` returns: the follower's connection to the log. */
export interface RevocationFeed {
  /** Reports a revocation to all followers, for a session that the store didn't end itself. */
  announce(revocation: Revocation): Promise<void>;
  /** Closes the connection that was opened for this follower. */
  close(): void;
}
