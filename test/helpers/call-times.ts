import path from 'node:path';
import { CALL_TIMES, type CallTimes } from '../../src/stores/call-times';

/** How long the stores of apps in production wait. For test files about outages. */
export const REAL: CallTimes = { ...CALL_TIMES };
/** A busy machine may take seconds for what the stores give one. The default of all tests, which are not about outages. */
export const PATIENT: Partial<CallTimes> = {
  timeout: 20_000,
  ready: 19_000,
  lockWait: 15_000,
  firstLogAnswer: 30_000,
  writeDeadline: 30_000,
};
/** For a single test about an outage, which then need not wait for a second. */
export const BRIEF: Partial<CallTimes> = {
  timeout: 300,
  ready: 250,
  probeInterval: 100,
  reconnectInterval: 500,
};

/** For programs that run the built package in a process of their own: arguments of `node`, and what the environment must have. */
export const PATIENT_PROCESS = {
  args: ['--require', path.join(__dirname, 'apps/patient-process.js')],
  env: { CALL_TIMES: JSON.stringify(PATIENT) },
};

/** All stores of the test file wait for these times from now on. */
export function useCallTimes(times: Partial<CallTimes>): void {
  Object.assign(CALL_TIMES, times);
}
