import { durationInSeconds, type Duration } from '../utils/duration.js';

/** A clock that stands still until a test moves it: for the option `clock` of `createAuth`. */
export interface TestClock {
  /** Milliseconds since 1970. */
  (): number;
  /** @throws TypeError when the duration can't be read */
  advance(duration: Duration): void;
  /** Moves to a moment, the past included. @throws TypeError when it is no valid time */
  set(time: Date | string | number): void;
}

/**
 * @param start a Date, a text that Date reads, or milliseconds since 1970. Default: now, without its milliseconds
 * @throws TypeError when it is no valid time
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
