import ms, { type StringValue } from 'ms';

/** A text with its unit, such as `'30s'`, `'15m'`, `'3h'` or `'30d'`, in the form of the package ms; or a plain number of seconds. */
export type Duration = StringValue | number;

/** 100 years, the longest lifetime: a date beyond the calendar would make tokens that never verify. */
export const MAX_LIFETIME_SECONDS = 100 * 366 * 24 * 60 * 60;

/**
 * The duration in whole seconds; undefined if it can't be read. A text without a unit, such as `'30'`, is refused, because some
 * libraries read it as milliseconds and others as seconds.
 */
export function durationInSeconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isSafeInteger(duration) ? duration : undefined;
  if (typeof duration !== 'string' || duration.length > 100 || !/[a-z]\s*$/i.test(duration)) return undefined;
  const seconds = ((ms(duration as StringValue) as number | undefined) ?? NaN) / 1000;
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}
