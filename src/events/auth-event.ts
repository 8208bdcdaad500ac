import type { CodeAnnouncedBy } from '../errors.js';
import type { LimitName } from './limit-name.js';

export type { LimitName } from './limit-name.js';

/** Where a request came from: one line each, of at most 64 and 512 characters. Undefined for server code, which has no request. */
export interface RequestOrigin {
  ip: string | undefined;
  userAgent: string | undefined;
}

/** Works out the origin when a failure or a listener needs it: most requests have neither. */
export type LazyOrigin = () => RequestOrigin;

export const NO_ORIGIN: RequestOrigin = Object.freeze({ ip: undefined, userAgent: undefined });

/** Why sessions ended; `session-limit` is a login beyond `limits.sessions`, `server` is `auth.sessions`. */
export type RevocationReason =
  | 'logout'
  | 'logout-all'
  | 'new-login'
  | 'session-ended'
  | 'session-limit'
  | 'password-changed'
  | 'password-reset'
  | 'address-restored'
  | 'factor-added'
  | 'factor-removed'
  | 'user-gone'
  | 'server';

/** Why a login failed. The client never learns it: it gets INVALID_CREDENTIALS for each of them. */
export type LoginFailureReason =
  'unknown-user' | 'disabled' | 'wrong-password' | 'password-changed' | 'unusable-hash' | 'invalid-passkey';

/** Why `auth.flowState` refused. `unknown` is forged, for another purpose, or from another browser; the client gets FLOW_STATE_INVALID for each. */
export type FlowStateFailureReason = 'unknown' | 'expired' | 'taken' | 'other-provider';

/** The codes of the event `refused`, such as `FORBIDDEN` and `CROSS_SITE_REQUEST`: refusals that say more than an everyday 401. */
export type RefusalCode = CodeAnnouncedBy<'refused'>;

/** What the token or the code of a mail is good for. Each page of a link has its own. */
export type OneTimeTokenPurpose =
  'email-verification' | 'password-reset' | 'email-change' | 'email-undo' | 'login-link' | 'login-code';

/** What a mail says: the address is to be verified, a password has changed … */
export type MailKind =
  | 'verify'
  | 'already-registered'
  | 'reset'
  | 'password-changed'
  | 'email-change'
  | 'email-change-taken'
  | 'email-changed'
  | 'login-link'
  | 'login-code'
  | 'factor-added'
  | 'factor-removed'
  | 'recovery-code-used'
  | 'recovery-codes-renewed';

/** What a second factor is: an authenticator app, a passkey, or the list of recovery codes. */
export type SecondFactorKind = 'totp' | 'passkey' | 'recovery-codes';

/**
 * Why a second factor failed. The client learns only that it did. `used-code` was right, and was used before; `unusable-secret` is one
 * that no key of the feature opens for this user. `wrong-passkey`: not of this user, or not for this challenge.
 */
export type FactorFailureReason = 'wrong-code' | 'used-code' | 'unusable-secret' | 'wrong-passkey';

interface PossibleUser {
  userId: string | undefined;
  sessionId: string | undefined;
}

/** What is fixed about an event: its outcome in the audit log, and, for the compiler only, its members. */
interface EventRow<Outcome, Details> {
  readonly outcome: Outcome;
  readonly details?: Details;
}

const success = <Details>(): EventRow<'success', Details> => ({ outcome: 'success' });
const failure = <Details>(): EventRow<'failure', Details> => ({ outcome: 'failure' });
/** The state of a server, which is about no user: not in the audit log. */
const operational = <Details>(): EventRow<undefined, Details> => ({ outcome: undefined });

/**
 * Every event there is, with what it says beside its `type` and `at`. None carries a password or a token.
 * `docs/observability.md` explains each one, and a test holds the two together.
 */
export const AUTH_EVENTS = {
  registered: success<RequestOrigin & { userId: string; username: string }>(),
  registerFailed: failure<RequestOrigin & { username: string; code: 'USERNAME_TAKEN' }>(),
  /** `amr`: how the user proved who they are, as far as `completeLogin()` was told. */
  login: success<RequestOrigin & { userId: string; sessionId: string; amr: readonly string[] | undefined }>(),
  /**
   * `username` is what was typed, so it may be anything; undefined when another strategy proved an unknown id. `problem` says what is
   * wrong with an `unusable-hash`, without any part of it.
   */
  loginFailed: failure<
    RequestOrigin & {
      username: string | undefined;
      userId: string | undefined;
      reason: LoginFailureReason;
      problem?: string | undefined;
    }
  >(),
  /** An attempt was refused before it was judged: too many for a username, a user or an address, which `key` names. */
  locked: failure<
    RequestOrigin & PossibleUser & { limit: LimitName; key: string; retryAfterSeconds: number }
  >(),
  /** `replayed`: the same exchange again, as from a second tab. */
  refresh: success<RequestOrigin & { userId: string; sessionId: string; replayed: boolean }>(),
  /**
   * The same exchange again from another address or user agent than the one that rotated, without its `Idempotency-Key`: the first
   * time in a session. A roaming phone does that now and then. A thief who follows does it at every refresh, until `reuse`.
   */
  replayedElsewhere: success<RequestOrigin & { userId: string; sessionId: string; generation: number }>(),
  refreshFailed: failure<RequestOrigin & PossibleUser & { code: CodeAnnouncedBy<'refreshFailed'> }>(),
  /** A refresh token came back after it had been exchanged. The session has ended, and no `revoked` repeats that. */
  reuse: failure<RequestOrigin & { userId: string; sessionId: string; generation: number }>(),
  revoked: success<RequestOrigin & { userId: string; sessionIds: string[]; reason: RevocationReason }>(),
  /**
   * `sessionId` asked for the change and has ended, as `revoked` says; `nextSessionId` is the session that the browser goes on in.
   * Undefined where the change holds but no session began: the user has to log in.
   */
  passwordChanged: success<
    RequestOrigin & { userId: string; sessionId: string; nextSessionId: string | undefined }
  >(),
  passwordChangeFailed: failure<
    RequestOrigin & {
      userId: string;
      sessionId: string;
      code: 'INVALID_CREDENTIALS' | 'ACCESS_TOKEN_INVALID';
    }
  >(),
  /** `userId` is undefined where no account has the address, here and where a reset, a link or a code is asked for. */
  registrationStarted: success<RequestOrigin & { userId: string | undefined }>(),
  emailVerified: success<RequestOrigin & { userId: string }>(),
  passwordResetAsked: success<RequestOrigin & { userId: string | undefined }>(),
  passwordReset: success<RequestOrigin & { userId: string }>(),
  emailChangeAsked: success<RequestOrigin & { userId: string }>(),
  emailChanged: success<RequestOrigin & { userId: string }>(),
  emailChangeUndone: success<RequestOrigin & { userId: string }>(),
  loginLinkAsked: success<RequestOrigin & { userId: string | undefined }>(),
  loginCodeAsked: success<RequestOrigin & { userId: string | undefined }>(),
  /** The token of a link, or a code, is unknown, spent, replaced or expired, or its user is gone. */
  oneTimeTokenRefused: failure<
    RequestOrigin & { userId: string | undefined; purpose: OneTimeTokenPurpose }
  >(),
  /** A user has enrolled a second factor, which `factorId` names. */
  factorAdded: success<
    RequestOrigin & { userId: string; sessionId: string; kind: SecondFactorKind; factorId: string }
  >(),
  /** `sessionId` is undefined where server code has done it. */
  factorRemoved: success<
    RequestOrigin & {
      userId: string;
      sessionId: string | undefined;
      kind: SecondFactorKind;
      factorId: string;
    }
  >(),
  /** A code was refused, after the first step of a login or in a session. */
  factorFailed: failure<
    RequestOrigin & { userId: string; kind: SecondFactorKind; reason: FactorFailureReason }
  >(),
  recoveryCodeUsed: success<RequestOrigin & { userId: string; left: number }>(),
  recoveryCodesRenewed: success<RequestOrigin & { userId: string; sessionId: string }>(),
  /** From now on the browser skips the second factor, until the trust expires or ends. */
  deviceTrusted: success<RequestOrigin & { userId: string; sessionId: string; deviceId: string }>(),
  /** By the user's wish. What else ends the trust (a new password, a factor that is removed) has events of its own. */
  deviceEnded: success<RequestOrigin & { userId: string; sessionId: string; deviceIds: string[] }>(),
  /** The user has proved again who they are, in the session they had. `amr`: how. */
  reauthenticated: success<
    RequestOrigin & { userId: string; sessionId: string; amr: readonly string[] | undefined }
  >(),
  /** The password was wrong, or the proof was of another user. A wrong code is `factorFailed`. */
  reauthenticateFailed: failure<
    RequestOrigin & { userId: string; sessionId: string; code: 'INVALID_CREDENTIALS' }
  >(),
  passkeyAdded: success<
    RequestOrigin & { userId: string; sessionId: string; passkeyId: string; backedUp: boolean }
  >(),
  passkeyRenamed: success<RequestOrigin & { userId: string; sessionId: string; passkeyId: string }>(),
  passkeyRemoved: success<RequestOrigin & { userId: string; sessionId?: string; passkeyId: string }>(),
  /** A passkey has counted fewer uses than before: there may be a copy of it. `refused`: as the option `counter` says. */
  passkeyCounterRegressed: failure<
    RequestOrigin & { userId: string; passkeyId: string; refused: boolean } & Record<
        'stored' | 'received',
        number
      >
  >(),
  /**
   * A mail was given up after its last try. `error` is what `send` threw, unchanged: it may name the recipient or quote the mail.
   * The audit log doesn't have it.
   */
  mailFailed: failure<{ userId: string | undefined; kind: MailKind; error: Error }>(),
  /** A guard refused a request, or the router refused one from another site. `route` is `/posts/:id`, never the path itself; without a request there is neither method nor route. */
  refused: failure<
    RequestOrigin &
      PossibleUser & { code: RefusalCode; method: string | undefined; route: string | undefined }
  >(),
  /** A state that `auth.flowState` doesn't have, or no longer has. Ids of SAML requests come without a request. */
  flowStateFailed: failure<RequestOrigin & { reason: FlowStateFailureReason }>(),
  /** Whether this process knows what other processes have revoked; `error` says why it doesn't. */
  revocations: operational<{ current: boolean; error?: Error }>(),
  /** A store was out of reach, or the hashing queue full, and a request got 503 or passed without its renewal; or out of reach at start. */
  unavailable: operational<{ error: Error }>(),
};

/** What each event says, beside its `type` and `at`, by name. docs/observability.md lists the members. */
export type AuthEventDetails = {
  [Name in keyof typeof AUTH_EVENTS]: NonNullable<(typeof AUTH_EVENTS)[Name]['details']>;
};

/** The name of an event of `auth.events`: `'login'`, `'reuse'` … docs/observability.md lists them. */
export type AuthEventName = keyof AuthEventDetails;

/** The events of the audit log: those about a user or a client, not those about servers. */
export type AuditEventName = {
  [Name in AuthEventName]: (typeof AUTH_EVENTS)[Name] extends EventRow<undefined, unknown> ? never : Name;
}[AuthEventName];

/** Any event, told apart by `type`; `AuthEvent<'login'>` is one of them. `at` is when it happened. */
export type AuthEvent<Name extends AuthEventName = AuthEventName> = {
  [Each in Name]: { type: Each; at: Date } & AuthEventDetails[Each];
}[Name];

/** What listeners are called with, by the name of the event: one event. */
export type AuthEventMap = { [Name in AuthEventName]: [event: AuthEvent<Name>] };

/** The names of all events. */
export const AUTH_EVENT_NAMES: readonly AuthEventName[] = Object.freeze(
  Object.keys(AUTH_EVENTS) as AuthEventName[],
);
