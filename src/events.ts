import { EventEmitter } from 'node:events';

/** Who and where; every event of a request has it. */
export interface RequestOrigin {
  ip: string | undefined;
  userAgent: string | undefined;
}

export type RevocationReason =
  'logout' | 'logout-all' | 'session-ended' | 'password-changed' | 'user-gone' | 'server';

/** No event carries a password or a token. */
export interface AuthEventMap {
  registered: [RequestOrigin & { userId: string; username: string }];
  login: [RequestOrigin & { userId: string; sessionId: string }];
  /** `username` is what was typed, so that it may be anything. */
  loginFailed: [RequestOrigin & { username: string }];
  /** Attempts were refused unseen: too many failures for a username, a user or an address. */
  locked: [
    { limit: 'username' | 'address' | 'register' | 'password'; key: string; retryAfterSeconds: number },
  ];
  refresh: [RequestOrigin & { userId: string; sessionId: string; replayed: boolean }];
  /** A refresh token came back after it had been exchanged: the session has been ended. */
  reuse: [RequestOrigin & { userId: string; sessionId: string; generation: number }];
  revoked: [{ userId: string; sessionIds: string[]; reason: RevocationReason }];
  passwordChanged: [RequestOrigin & { userId: string; sessionId: string }];
  /** Whether this process knows what other processes have revoked; `error` says why it doesn't. */
  revocations: [{ current: boolean; error?: Error }];
  /** A store was out of reach, or the hashing queue full, and a request got 503. */
  unavailable: [{ error: Error }];
}

/** The typed emitter behind `auth.events`. What a listener throws becomes a warning and never a failed login. */
export class AuthEvents extends EventEmitter<AuthEventMap> {
  /**
   * `emit` for this package's own use: one listener's failure keeps the event from no other.
   * @param describe makes the event, which nobody does for no listener
   */
  announce<Name extends keyof AuthEventMap>(name: Name, describe: () => AuthEventMap[Name][0]): void {
    if (this.listenerCount(name) === 0) return;
    const event = describe();
    for (const listener of (this as EventEmitter).rawListeners(name)) {
      // Inside the promise, so that what it throws and what it rejects with end alike.
      new Promise((resolve) => resolve(Reflect.apply(listener, this, [event]))).catch((error: unknown) => {
        warn(name, error);
      });
    }
  }
}

function warn(event: unknown, error: unknown): void {
  process.emitWarning(
    `A listener of auth.events '${String(event)}' failed: ${String(error)}`,
    'PassportVisaWarning',
  );
}
