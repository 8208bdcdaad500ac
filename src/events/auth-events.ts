import { EventEmitter } from 'node:events';
import type { AuthErrorCode } from '../errors.js';
import { printable } from '../utils/printable.js';

/** Where the request came from: one line each, of at most 64 and 512 characters. Undefined for server code, which has no request. */
export interface RequestOrigin {
  ip: string | undefined;
  userAgent: string | undefined;
}

/** Why sessions ended; `server` is `auth.sessions`. */
export type RevocationReason =
  'logout' | 'logout-all' | 'new-login' | 'session-ended' | 'password-changed' | 'user-gone' | 'server';

/** What a client is not told: it gets INVALID_CREDENTIALS for each of them. */
export type LoginFailureReason = 'unknown-user' | 'disabled' | 'wrong-password' | 'password-changed';

/** `unknown` is forged, for another purpose, or of another browser; the client gets FLOW_STATE_INVALID for each of them. */
export type FlowStateFailureReason = 'unknown' | 'expired' | 'taken' | 'other-provider';

/** The answers of guards and of the check for cross-site requests that tell of more than an everyday 401. */
export type RefusalCode = Extract<
  AuthErrorCode,
  'FORBIDDEN' | 'CROSS_SITE_REQUEST' | 'ACCESS_TOKEN_INVALID' | 'SESSION_REVOKED'
>;

/** Undefined as far as nobody knows. */
interface MaybeWho {
  userId: string | undefined;
  sessionId: string | undefined;
}

/** What each event tells, beside its `type` and `at`. None carries a password or a token. */
export interface AuthEventDetails {
  registered: RequestOrigin & { userId: string; username: string };
  registerFailed: RequestOrigin & { username: string; code: 'USERNAME_TAKEN' };
  /** `amr`: how the user proved who they are, as far as `completeLogin()` was told. */
  login: RequestOrigin & { userId: string; sessionId: string; amr: readonly string[] | undefined };
  /** `username` is what was typed, so that it may be anything; undefined when another strategy proved an unknown id. */
  loginFailed: RequestOrigin & {
    username: string | undefined;
    userId: string | undefined;
    reason: LoginFailureReason;
  };
  /** An attempt was refused unseen: too many failures for a username, a user or an address, which `key` names. */
  locked: RequestOrigin &
    MaybeWho & {
      limit: 'username' | 'address' | 'register' | 'password';
      key: string;
      retryAfterSeconds: number;
    };
  /** `replayed`: the same exchange once more, as by two tabs. */
  refresh: RequestOrigin & { userId: string; sessionId: string; replayed: boolean };
  refreshFailed: RequestOrigin &
    MaybeWho & { code: 'REFRESH_TOKEN_EXPIRED' | 'REFRESH_TOKEN_INVALID' | 'SESSION_NOT_FOUND' };
  /** A refresh token came back after it had been exchanged: the session has been ended, which no `revoked` repeats. */
  reuse: RequestOrigin & { userId: string; sessionId: string; generation: number };
  revoked: RequestOrigin & { userId: string; sessionIds: string[]; reason: RevocationReason };
  passwordChanged: RequestOrigin & { userId: string; sessionId: string };
  passwordChangeFailed: RequestOrigin & {
    userId: string;
    sessionId: string;
    code: 'INVALID_CREDENTIALS' | 'ACCESS_TOKEN_INVALID';
  };
  /** A guard refused a request, or the router one from another site. `route` is `/posts/:id`, never the path itself. */
  refused: RequestOrigin & MaybeWho & { code: RefusalCode; method: string; route: string };
  /** What `auth.flowState` keeps was asked for in vain; ids of SAML requests come without a request. */
  flowStateFailed: RequestOrigin & { reason: FlowStateFailureReason };
  /** Whether this process knows what other processes have revoked; `error` says why it doesn't. */
  revocations: { current: boolean; error?: Error };
  /** A store was out of reach, or the hashing queue full, and a request got 503, or passed without its renewal. */
  unavailable: { error: Error };
}

/** The name of an event of `auth.events`. */
export type AuthEventName = keyof AuthEventDetails;

/** Any event, told apart by `type`; `AuthEvent<'login'>` is one of them. `at` is when it happened. */
export type AuthEvent<Name extends AuthEventName = AuthEventName> = {
  [Each in Name]: { type: Each; at: Date } & AuthEventDetails[Each];
}[Name];

/** What listeners are called with. */
export type AuthEventMap = { [Name in AuthEventName]: [event: AuthEvent<Name>] };

/** Every event there is. `docs/observability.md` explains each one, and a test holds the two together. */
export const AUTH_EVENT_NAMES: readonly AuthEventName[] = Object.freeze(
  Object.keys({
    registered: true,
    registerFailed: true,
    login: true,
    loginFailed: true,
    locked: true,
    refresh: true,
    refreshFailed: true,
    reuse: true,
    revoked: true,
    passwordChanged: true,
    passwordChangeFailed: true,
    refused: true,
    flowStateFailed: true,
    revocations: true,
    unavailable: true,
  } satisfies Record<AuthEventName, true>) as AuthEventName[],
);

/** Whoever hears of an event. */
type Listener = (event: AuthEvent) => unknown;

/** Longer than any username, id or address that this package lets pass. */
const MAX_TEXT = 512;

/** The typed emitter behind `auth.events`. What a listener throws becomes a warning and never a failed login. */
export class AuthEvents extends EventEmitter<AuthEventMap> {
  readonly #now: () => number;
  readonly #first: Listener | undefined;

  /**
   * @param now milliseconds since 1970
   * @param first hears every event before all listeners, and can't be removed as they can
   */
  constructor(now: () => number = Date.now, first?: Listener) {
    super();
    this.#now = now;
    this.#first = first;
  }

  /** Hears every event, in the order they happen. @returns what ends that */
  onAny(listener: (event: AuthEvent) => unknown): () => void {
    for (const name of AUTH_EVENT_NAMES) this.on(name, listener);
    return () => {
      for (const name of AUTH_EVENT_NAMES) this.off(name, listener);
    };
  }

  /**
   * `emit` for this package's own use: one listener's failure keeps the event from no other.
   * @param describe makes the event, which nobody does for no listener
   */
  announce<Name extends AuthEventName>(name: Name, describe: () => AuthEventDetails[Name]): void {
    if (this.#first === undefined && this.listenerCount(name) === 0) return;
    const event = { type: name, at: new Date(this.#now()), ...printableTexts(describe()) };
    const listeners: unknown[] = (this as EventEmitter).rawListeners(name);
    for (const listener of this.#first ? [this.#first, ...listeners] : listeners) {
      // Inside the promise, so that what it throws and what it rejects with end alike.
      new Promise((resolve) => resolve(Reflect.apply(listener as Listener, this, [event]))).catch(
        (error: unknown) => {
          warn(listener === this.#first ? 'The audit log of' : 'A listener of auth.events', name, error);
        },
      );
    }
  }
}

/** What a client has typed forges no line in a listener's log, and no listener changes what this package goes on with. */
function printableTexts<T extends object>(details: T): T {
  const entries = Object.entries(details) as [string, unknown][];
  return Object.fromEntries(entries.map(([name, value]) => [name, detached(value)])) as T;
}

function detached(value: unknown): unknown {
  if (typeof value === 'string') return printable(value, MAX_TEXT);
  return Array.isArray(value) ? [...(value as unknown[])] : value;
}

function warn(who: string, event: AuthEventName, error: unknown): void {
  process.emitWarning(`${who} '${event}' failed: ${String(error)}`, 'PassportVisaWarning');
}
