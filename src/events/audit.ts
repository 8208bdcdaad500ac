import { digestOf } from '../utils/digest.js';
import { AUTH_EVENTS, type AuditEventName, type AuthEvent } from './auth-event.js';

/** One line of the audit log: flat, ready for JSON, with no password, no token and no session id in it. */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  time: string;
  event: AuditEventName;
  outcome: 'success' | 'failure';
  /** The code, reason or limit of the event. */
  reason: string | null;
  userId: string | null;
  /** SHA-256 of the session id, base64url: always the same for a session. */
  session: string | null;
  ip: string | null;
  userAgent: string | null;
  /** Only where a user has that name: people sometimes type their password into that field. */
  username?: string;
  /** `passwordChanged`: the hash of the session that the browser goes on in. */
  nextSession?: string;
  /** `revoked`: the hashes of all sessions that ended. */
  sessions?: string[];
  /** The other members of the event, as docs/observability.md lists them. */
  amr?: readonly string[];
  replayed?: boolean;
  generation?: number;
  method?: string;
  route?: string;
  retryAfterSeconds?: number;
  purpose?: string;
  kind?: string;
}

/** Listed by name: a member that an event gets in future doesn't turn up in every log at once. */
const DETAILS = [
  'amr',
  'replayed',
  'generation',
  'method',
  'route',
  'retryAfterSeconds',
  'purpose',
  'kind',
] as const;

/** Every member that an event may have. */
type EventFields = { type: string } & Partial<
  Record<keyof AuditRecord | 'sessionId' | 'nextSessionId' | 'code' | 'limit', unknown>
> & {
    username?: string | undefined;
    sessionId?: string | undefined;
    nextSessionId?: string | undefined;
    sessionIds?: string[];
  };

/** A listener that hands the records of all events to `audit`. */
export function auditing(audit: (record: AuditRecord) => unknown): (event: AuthEvent) => unknown {
  return (event) => {
    const record = auditRecord(event);
    return record && audit(record);
  };
}

/** @returns undefined for an event that is not for the audit log */
function auditRecord(event: AuthEvent): AuditRecord | undefined {
  const { outcome } = AUTH_EVENTS[event.type];
  if (outcome === undefined) return undefined;
  const fields: EventFields = event;
  const reason =
    event.type === 'reuse' ? 'REFRESH_TOKEN_REUSED' : (fields.code ?? fields.reason ?? fields.limit);
  const sessions = fields.sessionIds?.map(hashed);
  const isUsername = fields.userId !== undefined || event.type === 'registerFailed';
  const details = DETAILS.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]);
  return {
    time: event.at.toISOString(),
    event: event.type as AuditEventName,
    outcome,
    reason: textOf(reason),
    userId: textOf(fields.userId),
    session: fields.sessionId === undefined ? single(sessions) : hashed(fields.sessionId),
    ip: textOf(fields.ip),
    userAgent: textOf(fields.userAgent),
    ...(isUsername && fields.username !== undefined && { username: fields.username }),
    ...(fields.nextSessionId !== undefined && { nextSession: hashed(fields.nextSessionId) }),
    ...(sessions && { sessions }),
    ...(Object.fromEntries(details) as Pick<AuditRecord, (typeof DETAILS)[number]>),
  };
}

/** Session ids are random, so the hash needs no key: nobody can find one by trying. */
function hashed(sessionId: string): string {
  return digestOf(sessionId);
}

/** A search for one session finds its end too. */
function single(sessions: string[] | undefined): string | null {
  return sessions?.length === 1 ? (sessions[0] as string) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
