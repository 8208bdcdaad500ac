import type {
  RaiseRequest,
  RaiseResult,
  RotateRequest,
  RotateResult,
  Session,
} from '../refresh-token-store.js';
import { unpackSession } from './packed-session.js';

/** What `visaRotateSession` answers. */
export type RotateReply = [
  outcome: RotateResult['outcome'] | RaiseResult['outcome'] | 'elsewhere' | 'late' | 'unreadable',
  packed: string,
  now: string,
  unannounced: string[],
];

/** Its second argument. @param deadline milliseconds since 1970, in the time of Redis */
export function rulesOf(request: RotateRequest | RaiseRequest, keepMs: number, deadline: number): string {
  const { reuseWindowSeconds = 0, maxElsewhere = '' } = request as Partial<RotateRequest>;
  return [
    request.generation,
    request.expiresInSeconds * 1000,
    request.maxLifetimeSeconds * 1000,
    reuseWindowSeconds * 1000,
    keepMs,
    deadline,
    request.now?.getTime() ?? '',
    maxElsewhere,
    request.origin ?? '',
  ].join(' ');
}

/** Its argument that raises the session. */
export function proofOf({ authTime, amr = [] }: RaiseRequest): string {
  return [authTime.getTime(), ...amr].join(' ');
}

export function rotateResult(request: RotateRequest, reply: RotateReply): RotateResult {
  const [outcome] = reply;
  if (outcome === 'reused' || outcome === 'unknown') return { outcome };
  const found = sessionIn(request, reply);
  if (outcome === 'elsewhere') return { outcome: 'replayed', ...found, firstElsewhere: true };
  return { outcome: outcome as 'rotated' | 'replayed', ...found };
}

export function raiseResult(request: RaiseRequest, reply: RotateReply): RaiseResult {
  const [outcome] = reply;
  if (outcome === 'outrun' || outcome === 'unknown') return { outcome };
  return { outcome: outcome as 'raised' | 'replayed', ...sessionIn(request, reply) };
}

function sessionIn(
  { userId, sessionId }: RotateRequest | RaiseRequest,
  [, packed, now]: RotateReply,
): { session: Session; now: Date } {
  return { session: unpackSession(userId, sessionId, packed), now: new Date(Number(now)) };
}
