import { lostSessions } from './checker';
import type { History, Operation } from './history';

/** What docs/reliability.md says of a scenario. */
export interface Measurement {
  requests: number;
  /** Answers 503. */
  unavailable: number;
  /** Connections that broke, because the process of the app was killed. */
  unanswered: number;
  slowestMs: number;
  /** From the repair, or from the fault where the system repairs itself, to the last answer that was none of a healthy system. Undefined: never repaired. */
  secondsToHeal: number | undefined;
  sessions: number;
  sessionsLost: number;
  /** What the scenario itself adds. */
  note?: string | undefined;
}

/** @param isRepaired whether the servers have been well again since the last mark */
export function measure(history: History, isRepaired: boolean): Measurement {
  const { operations } = history;
  const failures = operations.filter(isFailure);
  const repairedAt = history.timeOf('repaired') ?? history.timeOf('fault') ?? 0;
  const lastFailureAt = Math.max(repairedAt, ...failures.map(({ endedAt }) => endedAt));
  return {
    requests: operations.length,
    unavailable: operations.filter(({ status }) => status === 503).length,
    unanswered: operations.filter(({ status }) => status === 0).length,
    slowestMs: Math.max(...operations.map(({ startedAt, endedAt }) => endedAt - startedAt)),
    secondsToHeal: isRepaired ? (lastFailureAt - repairedAt) / 1000 : undefined,
    sessions: new Set(operations.map(({ sessionId }) => sessionId)).size,
    sessionsLost: lostSessions(operations).length,
  };
}

/** Milliseconds. */
export function medianTime(operations: readonly Operation[]): number {
  const times = operations.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? NaN;
}

export function isFailure({ status }: Operation): boolean {
  return status === 503 || status === 0;
}
