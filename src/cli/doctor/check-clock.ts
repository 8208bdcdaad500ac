import { CLOCK_TOLERANCE_SECONDS } from '../../tokens/jwt.js';
import { findingsAbout, type Finding } from './finding.js';

const WARN_FROM_MS = 5000;
const CURE = 'let NTP (chrony, systemd-timesyncd) keep the clocks of all machines';

/** @param aheadMs how many milliseconds the other clock is ahead of this machine's */
export function judgeClock(about: string, aheadMs: number): Finding {
  const { ok, warn, fail } = findingsAbout(about);
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const message = `its clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(aheadMs) > CLOCK_TOLERANCE_SECONDS * 1000)
    return fail(`${message}; ${CLOCK_TOLERANCE_SECONDS} s are tolerated`, CURE);
  return Math.abs(aheadMs) >= WARN_FROM_MS ? warn(message, CURE) : ok(message);
}

/**
 * Assumes that the other clock was read halfway between question and answer.
 * @param readClock reads the other clock, in milliseconds since 1970
 * @returns how many milliseconds it is ahead of this machine's
 */
export async function measureClock(readClock: () => Promise<number>): Promise<number> {
  const startedAt = Date.now();
  const remoteTime = await readClock();
  return remoteTime - (startedAt + Date.now()) / 2;
}
