import type { RaiseRequest, RotateRequest, Session } from './refresh-token-store.js';

/** Who rotated to the generation of a session, and the generations in a row that were replayed from elsewhere. */
export interface Origins {
  readonly origin?: string | undefined;
  /** The last such generation. */
  readonly counted?: number | undefined;
  readonly count?: number | undefined;
}

/** A session as a store keeps it. */
export interface KeptSession {
  readonly session: Session;
  readonly origins: Origins;
}

/** What a store has to do: write `write`, or delete a session that is `reused`. Without `write` nothing changes. */
export type RotateDecision =
  | { outcome: 'rotated'; write: KeptSession }
  | { outcome: 'replayed'; write?: KeptSession; firstElsewhere?: boolean }
  | { outcome: 'reused' };
export type RaiseDecision =
  { outcome: 'raised'; write: KeptSession } | { outcome: 'replayed' } | { outcome: 'outrun' };

type Advance = Omit<RotateRequest, 'reuseWindowSeconds'>;

/**
 * The rules of `RefreshTokenStore.rotate` for a session that has not expired. For stores that decide in JavaScript, while no other
 * call can change the session.
 */
export function decideRotation(kept: KeptSession, request: RotateRequest, now: Date): RotateDecision {
  const { session } = kept;
  if (request.generation > session.generation)
    return { outcome: 'rotated', write: advanced(kept, request, now) };
  if (!isReplay(session, request, now)) return { outcome: 'reused' };
  if (!isFromElsewhere(kept, request)) return { outcome: 'replayed' };
  const { origins } = kept;
  const count = origins.counted === session.generation - 1 ? (origins.count ?? 0) + 1 : 1;
  if (request.maxElsewhere !== undefined && count >= request.maxElsewhere) return { outcome: 'reused' };
  const write = { session, origins: { ...origins, counted: session.generation, count } };
  return { outcome: 'replayed', write, ...(origins.counted === undefined && { firstElsewhere: true }) };
}

/** The rules of `RefreshTokenStore.raise`, like `decideRotation`. */
export function decideRaise(
  kept: KeptSession,
  { authTime, amr, ...request }: RaiseRequest,
  now: Date,
): RaiseDecision {
  if (isSameAttempt(kept.session, request)) return { outcome: 'replayed' };
  if (request.generation <= kept.session.generation) return { outcome: 'outrun' };
  const { amr: _replaced, ...others } = kept.session;
  const session = { ...others, authTime, ...(amr && { amr: [...amr] }) };
  return { outcome: 'raised', write: advanced({ ...kept, session }, request, now) };
}

function advanced({ session, origins }: KeptSession, request: Advance, now: Date): KeptSession {
  const { generation, origin } = request;
  const attempt = request.attempt || undefined;
  const expiresAt = nextExpiry(session, request, now);
  return {
    session: { ...session, generation, rotatedAt: now, attempt, expiresAt },
    origins: { ...origins, origin },
  };
}

function nextExpiry(session: Session, request: Advance, now: Date): Date {
  return new Date(
    Math.min(
      now.getTime() + request.expiresInSeconds * 1000,
      session.createdAt.getTime() + request.maxLifetimeSeconds * 1000,
    ),
  );
}

function isSameAttempt(session: Session, { attempt }: Advance): boolean {
  return Boolean(attempt) && attempt === session.attempt;
}

function isReplay(session: Session, request: RotateRequest, now: Date): boolean {
  if (request.generation !== session.generation) return false;
  return (
    isSameAttempt(session, request) ||
    now.getTime() - session.rotatedAt.getTime() <= request.reuseWindowSeconds * 1000
  );
}

/** Whether this replay counts as one from elsewhere. Each generation counts once. */
function isFromElsewhere({ session, origins }: KeptSession, request: RotateRequest): boolean {
  if (!origins.origin || !request.origin || origins.origin === request.origin) return false;
  return !isSameAttempt(session, request) && origins.counted !== session.generation;
}
