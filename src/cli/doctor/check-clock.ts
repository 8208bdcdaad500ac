import { CLOCK_TOLERANCE_SECONDS } from '../../tokens/jwt.js';
import { findingsAbout, type Finding } from './finding.js';

const WARN_FROM_MS = 5000;
const CURE = 'let NTP (chrony, systemd-timesyncd) keep the clocks of all machines';

/** @param aheadMs how far the other clock is ahead of this machine's */
export function judgeClock(about: string, aheadMs: number): Finding {
  const { ok, warn, fail } = findingsAbout(about);
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const message = `its clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(aheadMs) > CLOCK_TOLERANCE_SECONDS * 1000)
    return fail(`${message}; ${CLOCK_TOLERANCE_SECONDS} s are tolerated`, CURE);
  return Math.abs(aheadMs) >= WARN_FROM_MS ? warn(message, CURE) : ok(message);
}

/** Half of the time that the answer took is not the clock's fault. */
export async function measureClock(ask: () => Promise<number>): Promise<number> {
  const asked = Date.now();
  const theirs = await ask();
  return theirs - (asked + Date.now()) / 2;
}
