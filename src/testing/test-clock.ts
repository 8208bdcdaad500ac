import { durationInSeconds, type Duration } from '../utils/duration.js';

/** A clock for the option `clock` of `createAuth`, which stands still until a test moves it. */
export interface TestClock {
  /** Milliseconds since 1970. */
  (): number;
  /**
   * Moves the clock forward: a text with its unit, such as `'31m'`, or seconds.
   * @throws TypeError if the duration can't be read
   */
  advance(duration: Duration): void;
  /** Moves the clock to a time, which may be in the past. @throws TypeError if it isn't a valid time */
  set(time: Date | string | number): void;
}

/**
 * Makes a clock that stands still.
 * @param start a Date, a text that Date can read, or milliseconds since 1970. Default: the beginning of the current second
 * @throws TypeError if `start` isn't a valid time
 */
export function testClock(start: Date | string | number = Math.floor(Date.now() / 1000) * 1000): TestClock {
  let now = milliseconds(start);
  return Object.assign(() => now, {
    advance(duration: Duration) {
      const seconds = durationInSeconds(duration);
      if (seconds === undefined)
        throw new TypeError("advance() needs seconds, or a text with its unit such as '31m'");
      now += seconds * 1000;
    },
    set(time: Date | string | number) {
      now = milliseconds(time);
    },
  });
}

function milliseconds(time: Date | string | number): number {
  const value = new Date(time).getTime();
  if (Number.isNaN(value)) throw new TypeError('A test clock needs a valid time');
  return value;
}
