import type { AuthEvent, AuthEventName } from './auth-events.js';
import { digestOf } from '../utils/digest.js';

/** The events that the audit log has: all but the states of servers, which are about nobody and belong in the log of operations. */
export type AuditEventName = Exclude<AuthEventName, 'revocations' | 'unavailable'>;

/** One line of the audit log: flat, ready for JSON, with no password, no token and no session id in it. */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  time: string;
  event: AuditEventName;
  outcome: 'success' | 'failure';
  /** The code, reason or limit of the event. */
  reason: string | null;
  userId: string | null;
  /** The hash of the session id, always the same for a session: SHA-256, base64url. */
  session: string | null;
  ip: string | null;
  userAgent: string | null;
  /** Only where a user has that name: people type passwords where it belongs. */
  username?: string;
  /** `revoked`: the hashes of all sessions that ended. */
  sessions?: string[];
  /** The other members of the event, as docs/observability.md lists them. */
  amr?: readonly string[];
  replayed?: boolean;
  generation?: number;
  method?: string;
  route?: string;
  retryAfterSeconds?: number;
}

const OUTCOMES: Readonly<Record<AuditEventName, AuditRecord['outcome']>> = {
  registered: 'success',
  registerFailed: 'failure',
  login: 'success',
  loginFailed: 'failure',
  locked: 'failure',
  refresh: 'success',
  refreshFailed: 'failure',
  reuse: 'failure',
  revoked: 'success',
  passwordChanged: 'success',
  passwordChangeFailed: 'failure',
  refused: 'failure',
  flowStateFailed: 'failure',
};

/** By name, so that what an event gets in future is not in every log at once. */
const DETAILS = ['amr', 'replayed', 'generation', 'method', 'route', 'retryAfterSeconds'] as const;

/** Whatever an event may tell. */
type Told = Partial<Record<keyof AuditRecord | 'sessionId' | 'code' | 'limit', unknown>> & {
  username?: string | undefined;
  sessionId?: string | undefined;
  sessionIds?: string[];
};

/** What hands the records of all events to `audit`. */
export function auditing(audit: (record: AuditRecord) => unknown): (event: AuthEvent) => unknown {
  return (event) => {
    const record = auditRecord(event);
    return record && audit(record);
  };
}

/** @returns undefined for what is no matter of the audit log */
export function auditRecord(event: AuthEvent): AuditRecord | undefined {
  if (event.type === 'revocations' || event.type === 'unavailable') return undefined;
  const told: Told = event;
  const reason = event.type === 'reuse' ? 'REFRESH_TOKEN_REUSED' : (told.code ?? told.reason ?? told.limit);
  const sessions = told.sessionIds?.map(hashed);
  const named = told.userId !== undefined || event.type === 'registerFailed';
  const details = DETAILS.filter((name) => told[name] !== undefined).map((name) => [name, told[name]]);
  return {
    time: event.at.toISOString(),
    event: event.type,
    outcome: OUTCOMES[event.type],
    reason: textOf(reason),
    userId: textOf(told.userId),
    session: told.sessionId === undefined ? onlyOf(sessions) : hashed(told.sessionId),
    ip: textOf(told.ip),
    userAgent: textOf(told.userAgent),
    ...(named && told.username !== undefined && { username: told.username }),
    ...(sessions && { sessions }),
    ...(Object.fromEntries(details) as Pick<AuditRecord, (typeof DETAILS)[number]>),
  };
}

/** Session ids are random, so that no key is needed: nobody finds one by trying. */
function hashed(sessionId: string): string {
  return digestOf(sessionId);
}

/** Who looks for a session finds its end too. */
function onlyOf(sessions: string[] | undefined): string | null {
  return sessions?.length === 1 ? (sessions[0] as string) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
