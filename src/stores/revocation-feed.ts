/** Sessions of one user that have ended. */
export interface Revocation {
  readonly userId: string;
  readonly sessionIds: readonly string[];
}

/** Follows the revocations of all processes. */
export interface RevocationFollower {
  /** Seconds for which the store must keep a revocation, for processes that start later: as long as access tokens live. */
  readonly keepForSeconds: number;
  /** May be called twice for the same session. */
  onRevoked(revocation: Revocation): void;
  /** Every revocation up to now has been reported. Called again within `validForMs` for as long as that stays true. */
  onCurrent(validForMs: number): void;
  /** Revocations may be missed from now on, until `onCurrent` is called again. */
  onLost(error: unknown): void;
}

/** What `followRevocations` returns: the follower's connection to the log. */
export interface RevocationFeed {
  /** Reports a revocation that the store itself didn't make to all followers. */
  announce(revocation: Revocation): Promise<void>;
  /** Ends the connection that was opened for this follower. */
  close(): void;
}
