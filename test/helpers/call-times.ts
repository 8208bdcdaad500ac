import { CALL_TIMES } from '../../src/stores/call-times';

const REAL = { ...CALL_TIMES };

/** A busy machine may take seconds for what the stores give one. Tests that are not about outages wait for it. */
export const PATIENT = { timeout: 20_000, ready: 19_000, writeDeadline: 30_000 };

/** All stores of the test file wait longer, unless it calls `useRealCallTimes()`. */
export function usePatientCallTimes(): void {
  Object.assign(CALL_TIMES, PATIENT);
}

/** For a single test about an outage, which then need not wait for a second. Call `usePatientCallTimes()` at its end. */
export function useBriefCallTimes(): void {
  Object.assign(CALL_TIMES, { timeout: 300, ready: 250, probeInterval: 100, reconnectInterval: 500 });
}

/** Call it at the top of a test file about outages. */
export function useRealCallTimes(): void {
  Object.assign(CALL_TIMES, REAL);
}
