import type {
  RaiseRequest,
  RaiseResult,
  RotateRequest,
  RotateResult,
  Session,
} from '../refresh-token-store.js';
import { readText } from './client.js';
import type { SessionRow } from './refresh-token-sql.js';
import { toSession } from './session-row.js';

/** What the statement `rotate` returns. */
export type RotatedRow = SessionRow & {
  outcome: RotateResult['outcome'] | 'outrun' | 'first elsewhere' | 'elsewhere' | 'late' | 'unreadable';
  now: string;
};

/** @param deadline milliseconds since 1970, in the time of the server */
export function rotateParameters(
  request: RotateRequest | RaiseRequest,
  keepForSeconds: number | null,
  deadline: number,
): unknown[] {
  const { reuseWindowSeconds = 0, maxElsewhere = null } = request as Partial<RotateRequest>;
  const { authTime = null, amr = null } = request as Partial<RaiseRequest>;
  return [
    request.userId,
    request.sessionId,
    request.generation,
    request.attempt ?? null,
    request.expiresInSeconds,
    request.maxLifetimeSeconds,
    reuseWindowSeconds,
    request.now ?? null,
    keepForSeconds,
    deadline,
    request.origin ?? null,
    maxElsewhere,
    authTime,
    amr,
  ];
}

export function rotateResult(row: RotatedRow | undefined): RotateResult {
  if (!row || row.outcome === 'unknown') return { outcome: 'unknown' };
  if (row.outcome === 'reused') return { outcome: 'reused' };
  if (row.outcome === 'rotated') return { outcome: 'rotated', ...sessionIn(row) };
  const replayed = { outcome: 'replayed', ...sessionIn(row) } as const;
  return row.outcome === 'first elsewhere' ? { ...replayed, firstElsewhere: true } : replayed;
}

export function raiseResult(row: RotatedRow | undefined): RaiseResult {
  if (!row || row.outcome === 'unknown') return { outcome: 'unknown' };
  if (row.outcome === 'outrun') return { outcome: 'outrun' };
  return { outcome: row.outcome === 'rotated' ? 'raised' : 'replayed', ...sessionIn(row) };
}

function sessionIn(row: RotatedRow): { session: Session; now: Date } {
  return { session: toSession(row), now: readText.time(row.now) };
}
