import ms, { type StringValue } from 'ms';

/** `'30m'`, `'3h'`, `'30d'`: a number with its unit, as the package ms reads it. A bare number is seconds. */
export type Duration = StringValue | number;

/**
 * Whole seconds, or undefined when it can't be read: a number in a string without its unit means milliseconds to
 * one library and seconds to the next, so that it is refused.
 */
export function durationInSeconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') return Number.isSafeInteger(duration) ? duration : undefined;
  if (typeof duration !== 'string' || duration.length > 100 || !/[a-z]\s*$/i.test(duration)) return undefined;
  const seconds = ((ms(duration as StringValue) as number | undefined) ?? NaN) / 1000;
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}
