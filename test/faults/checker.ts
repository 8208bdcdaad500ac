import type { Operation } from './history';

/** What a scenario may cost, where its row in docs/reliability.md says so. Default: nothing. */
export interface Allowance {
  /** Sessions that were acknowledged may be gone. */
  sessionsLost?: boolean;
  /** Writes that were acknowledged may be undone, so that a rotation happens once more. */
  writesLost?: boolean;
  /** Requests may go unanswered, because their process was killed. */
  unanswered?: boolean;
  /** Until then guards may go by the access token alone, because their process can't hear who has been signed out. */
  deafUntil?: number;
}

/** A promise that was not kept. */
export interface Breach {
  rule: string;
  operations: readonly Operation[];
}

/** The contract: a request answers within 2 s of an outage. */
export const ANSWER_LIMIT_MS = 2000;

/**
 * A guard that asks no store knows of another process's endings from the log, which takes some milliseconds, and more on a
 * loaded machine. Whatever asks the store knows at once.
 */
export const TELLING_MS = 500;

const ENDINGS = new Set(['logout', 'revoke', 'theft']);

/** Holds a history against what is promised whatever happens to the servers. */
export function findBreaches(operations: readonly Operation[], allowed: Allowance = {}): Breach[] {
  return [
    ...forks(operations, allowed),
    ...acceptedAfterTheEnd(operations, allowed),
    ...(allowed.sessionsLost ? [] : lostSessions(operations).map((lost) => breach('session lost', lost))),
    ...cameBack(operations),
    ...oldTokensAccepted(operations, allowed),
    ...strangeAnswers(operations, allowed),
    ...operations
      .filter(({ startedAt, endedAt }) => endedAt - startedAt > ANSWER_LIMIT_MS)
      // Waiting for one's turn at bcrypt is no outage.
      .filter(({ kind, status }) => kind !== 'password' || status !== 200)
      .map((slow) => breach(`no answer within ${ANSWER_LIMIT_MS} ms`, slow)),
  ];
}

/** Requests that tell of a session which nobody has ended and which is gone all the same, one for each session. */
export function lostSessions(operations: readonly Operation[]): Operation[] {
  const missed = operations.filter((operation) => isGone(operation) && !mayHaveEnded(operations, operation));
  return [...new Map(missed.map((operation) => [operation.sessionId, operation])).values()];
}

/** No refresh token ever yields two successors. A lost write repeats a rotation: then the store holds the two for one and the same. */
function forks(operations: readonly Operation[], { writesLost }: Allowance): Breach[] {
  if (writesLost) return [];
  const byToken = new Map<string | undefined, Operation[]>();
  for (const operation of operations.filter(({ kind, status }) => kind === 'refresh' && status === 200)) {
    byToken.set(operation.presented, [...(byToken.get(operation.presented) ?? []), operation]);
  }
  return [...byToken.values()]
    .filter((exchanges) => new Set(exchanges.map(({ successor }) => successor)).size > 1)
    .map((exchanges) => breach('two successors of one refresh token', ...exchanges));
}

/** Whatever begins after an ending was acknowledged finds the session ended. */
function acceptedAfterTheEnd(operations: readonly Operation[], { deafUntil = 0 }: Allowance): Breach[] {
  const endings = operations.filter(isAcknowledgedEnd);
  return endings.flatMap((end) =>
    operations
      .filter(({ sessionId, startedAt }) => sessionId === end.sessionId && startedAt > end.endedAt)
      .filter(({ kind, status }) => ['refresh', 'guard', 'check', 'theft'].includes(kind) && status === 200)
      .filter(({ kind, startedAt }) => kind !== 'guard' || startedAt >= deafUntil)
      .filter((accepted) => !isBeingTold(end, accepted))
      .map((accepted) => breach('accepted after the session ended', end, accepted)),
  );
}

function isBeingTold(end: Operation, { kind, app, startedAt }: Operation): boolean {
  return kind === 'guard' && app !== end.app && startedAt - end.endedAt < TELLING_MS;
}

/** Once it is said that a session is over, it is over: who hears 401 logs its user out. */
function cameBack(operations: readonly Operation[]): Breach[] {
  return operations.filter(isGone).flatMap((gone) =>
    operations
      .filter(
        ({ sessionId, status, kind }) => sessionId === gone.sessionId && status === 200 && !ENDINGS.has(kind),
      )
      .filter(({ startedAt }) => startedAt > gone.endedAt)
      // A guard goes by the access token: it can't know what the store has lost until somebody refreshes.
      .filter(({ kind }) => gone.kind !== 'revoke' || kind !== 'guard')
      .slice(0, 1)
      .map((accepted) => breach('401, and then accepted', gone, accepted)),
  );
}

function oldTokensAccepted(operations: readonly Operation[], { writesLost }: Allowance): Breach[] {
  if (writesLost) return [];
  return operations
    .filter(({ kind, status }) => kind === 'theft' && status === 200)
    .map((accepted) => breach('an exchanged refresh token was accepted', accepted));
}

/** An answer is a success, a 503, or the end of a session. */
function strangeAnswers(operations: readonly Operation[], { unanswered }: Allowance): Breach[] {
  return operations
    .filter((operation) => {
      const { status } = operation;
      if (status === 0) return !unanswered;
      return (
        !(status >= 200 && status < 300) &&
        status !== 503 &&
        !isGone(operation) &&
        !isAcknowledgedEnd(operation)
      );
    })
    .map((operation) => breach(`answer ${operation.status} ${operation.code ?? ''}`.trim(), operation));
}

/** The session was there and isn't. A 404 is how a revocation says so. */
function isGone({ kind, status, code }: Operation): boolean {
  if (kind === 'revoke') return status === 404;
  return (
    status === 401 && (code === 'SESSION_NOT_FOUND' || code === 'SESSION_REVOKED' || isReuse({ kind, code }))
  );
}

/** A reuse that was no theft ends a session that nobody has ended. */
function isReuse({ kind, code }: Pick<Operation, 'kind' | 'code'>): boolean {
  return kind !== 'theft' && code === 'REFRESH_TOKEN_REUSED';
}

function isAcknowledgedEnd({ kind, status, code }: Operation): boolean {
  if (kind === 'theft') return status === 401 && code === 'REFRESH_TOKEN_REUSED';
  return (kind === 'logout' || kind === 'revoke') && status >= 200 && status < 300;
}

/** Somebody has asked for the end of the session, and has perhaps got it, before this answer. */
function mayHaveEnded(operations: readonly Operation[], { sessionId, endedAt }: Operation): boolean {
  return operations.some(
    (other) =>
      ENDINGS.has(other.kind) && !isGone(other) && other.sessionId === sessionId && other.startedAt < endedAt,
  );
}

function breach(rule: string, ...operations: Operation[]): Breach {
  return { rule, operations };
}
