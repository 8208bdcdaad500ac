import { lostSessions } from './checker';
import { isFailure, type History, type Operation } from './history';

/** The figures of a scenario for docs/reliability.md. */
export interface Measurement {
  requests: number;
  /** Answers 503. */
  unavailable: number;
  /** Broken connections, because the app's process was killed. */
  unanswered: number;
  slowestMs: number;
  /**
   * From the repair (or from the fault, if the system repairs itself) to the last failure. Undefined if nothing was repaired.
   */
  secondsToHeal: number | undefined;
  sessions: number;
  sessionsLost: number;
  /** What the scenario itself reports. */
  note?: string | undefined;
}

/** @param isRepaired whether the servers have worked again since the last mark */
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

/** In milliseconds. */
export function medianTime(operations: readonly Operation[]): number {
  return percentileTime(operations, 50);
}

/** In milliseconds. */
export function percentileTime(operations: readonly Operation[], percent: number): number {
  const times = operations.map(({ startedAt, endedAt }) => endedAt - startedAt).sort((a, b) => a - b);
  return times[Math.floor((times.length * percent) / 100)] ?? NaN;
}
