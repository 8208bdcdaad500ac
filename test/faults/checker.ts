import { appWaitedMs, tookMs, type Operation } from './history';

/** What a scenario may cost. Its row in docs/reliability.md says so. Default: nothing. */
export interface Allowance {
  /** Acknowledged sessions may be lost. */
  sessionsLost?: boolean;
  /** Acknowledged writes may be undone. A rotation may then happen twice. */
  writesLost?: boolean;
  /** Logins with a password may get 429, because their address fills its share of the queue. */
  loginsRefused?: boolean;
  /** Requests may get no answer, because their process was killed. */
  unanswered?: boolean;
  /** Until then guards may rely on the access token only, because their process can't learn which sessions have ended. */
  guardsLagUntil?: number;
}

/** A broken promise. */
export interface Breach {
  rule: string;
  operations: readonly Operation[];
}

/** The promise: a request is answered within 2 s, even in an outage. What a busy machine adds to that is not counted. */
export const ANSWER_LIMIT_MS = 2000;

/**
 * A guard that doesn't ask the store learns from the log which sessions another process has ended. That takes some milliseconds, and
 * as much more as its process waits for a processor. A request that asks the store knows at once.
 */
export const LOG_DELAY_MS = 500;

const ENDINGS = new Set(['logout', 'revoke', 'theft']);

/** Checks a history against the promises that hold whatever happens to the servers. */
export function findBreaches(operations: readonly Operation[], allowed: Allowance = {}): Breach[] {
  return [
    ...forkedExchanges(operations, allowed),
    ...acceptedAfterEnd(operations, allowed),
    ...(allowed.sessionsLost ? [] : lostSessions(operations).map((lost) => breach('session lost', lost))),
    ...revivedSessions(operations),
    ...oldTokensAccepted(operations, allowed),
    ...unexpectedAnswers(operations, allowed),
    ...operations
      .filter((operation) => tookMs(operation) > ANSWER_LIMIT_MS)
      // A login that waits for its turn at bcrypt is no outage.
      .filter(({ kind, status }) => kind !== 'password' || status !== 200)
      .map((slow) => breach(`no answer within ${ANSWER_LIMIT_MS} ms`, slow)),
  ];
}

/** Requests whose session is gone although no request had ended it, one for each session. */
export function lostSessions(operations: readonly Operation[]): Operation[] {
  const missed = operations.filter((operation) => isGone(operation) && !mayHaveEnded(operations, operation));
  return [...new Map(missed.map((operation) => [operation.sessionId, operation])).values()];
}

/** No refresh token ever yields two successors. After a lost write it may: the store then treats both as the same one. */
function forkedExchanges(operations: readonly Operation[], { writesLost }: Allowance): Breach[] {
  if (writesLost) return [];
  const byToken = new Map<string | undefined, Operation[]>();
  for (const operation of operations.filter(({ kind, status }) => kind === 'refresh' && status === 200)) {
    byToken.set(operation.presented, [...(byToken.get(operation.presented) ?? []), operation]);
  }
  return [...byToken.values()]
    .filter((exchanges) => new Set(exchanges.map(({ successor }) => successor)).size > 1)
    .map((exchanges) => breach('two successors of one refresh token', ...exchanges));
}

/** A request that begins after the end of its session was acknowledged is rejected. */
function acceptedAfterEnd(operations: readonly Operation[], { guardsLagUntil = 0 }: Allowance): Breach[] {
  const endings = operations.filter(isAcknowledgedEnd);
  return endings.flatMap((end) =>
    operations
      .filter(({ sessionId, startedAt }) => sessionId === end.sessionId && startedAt > end.endedAt)
      .filter(({ kind, status }) => ['refresh', 'guard', 'check', 'theft'].includes(kind) && status === 200)
      .filter(({ kind, startedAt }) => kind !== 'guard' || startedAt >= guardsLagUntil)
      .filter((accepted) => !mayNotKnowYet(end, accepted))
      .map((accepted) => breach('accepted after the session ended', end, accepted)),
  );
}

function mayNotKnowYet(end: Operation, { kind, app, startedAt, waited }: Operation): boolean {
  const waitedMs = end.waited && waited ? appWaitedMs(app, end.waited.after, waited.before) : 0;
  return kind === 'guard' && app !== end.app && startedAt - end.endedAt - waitedMs < LOG_DELAY_MS;
}

/** Once an answer has said that a session is over, it is over: on a 401 the client logs its user out. */
function revivedSessions(operations: readonly Operation[]): Breach[] {
  return operations.filter(isGone).flatMap((gone) =>
    operations
      .filter(
        ({ sessionId, status, kind }) => sessionId === gone.sessionId && status === 200 && !ENDINGS.has(kind),
      )
      .filter(({ startedAt }) => startedAt > gone.endedAt)
      // A guard relies on the access token: until the next refresh it can't know what the store has lost.
      .filter(({ kind }) => gone.kind !== 'revoke' || kind !== 'guard')
      .filter((accepted) => !mayNotKnowYet(gone, accepted))
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

/** Each answer must be a success, a 503, or the end of a session; or the refusal of a login, where the scenario says so. */
function unexpectedAnswers(
  operations: readonly Operation[],
  { loginsRefused, unanswered }: Allowance,
): Breach[] {
  return operations
    .filter((operation) => {
      const { kind, status, code } = operation;
      if (status === 0) return !unanswered;
      if (kind === 'password' && code === 'TOO_MANY_ATTEMPTS') return !loginsRefused;
      return (
        !(status >= 200 && status < 300) &&
        status !== 503 &&
        !isGone(operation) &&
        !isAcknowledgedEnd(operation)
      );
    })
    .map((operation) => breach(`answer ${operation.status} ${operation.code ?? ''}`.trim(), operation));
}

/** The answer says that the session no longer exists. A revocation says so with a 404. */
function isGone({ kind, status, code }: Operation): boolean {
  if (kind === 'revoke') return status === 404;
  return (
    status === 401 && (code === 'SESSION_NOT_FOUND' || code === 'SESSION_REVOKED' || isReuse({ kind, code }))
  );
}

/** A false alarm: reuse was detected although there was no theft, and that ended the session. */
function isReuse({ kind, code }: Pick<Operation, 'kind' | 'code'>): boolean {
  return kind !== 'theft' && code === 'REFRESH_TOKEN_REUSED';
}

function isAcknowledgedEnd({ kind, status, code }: Operation): boolean {
  if (kind === 'theft') return status === 401 && code === 'REFRESH_TOKEN_REUSED';
  return (kind === 'logout' || kind === 'revoke') && status >= 200 && status < 300;
}

/** Whether an earlier request asked to end the session, and may have succeeded, before this answer. */
function mayHaveEnded(operations: readonly Operation[], { sessionId, endedAt }: Operation): boolean {
  return operations.some(
    (other) =>
      ENDINGS.has(other.kind) && !isGone(other) && other.sessionId === sessionId && other.startedAt < endedAt,
  );
}

function breach(rule: string, ...operations: Operation[]): Breach {
  return { rule, operations };
}
