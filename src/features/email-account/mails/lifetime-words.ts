import type { Locale } from '../../../messages/messages.js';

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/**
 * How long a link or a code works, in words: "15 minutes", "24 hours", "7 days", "15분". In the largest unit of which there are at
 * least two; one hour and one minute are said as such. Rounded down, because a link must not expire before the time that the mail says.
 */
export function lifetimeInWords(seconds: number, locale: Locale): string {
  const isUsual = ([unit, length]: (typeof UNITS)[number]) =>
    seconds >= 2 * length || (seconds === length && unit !== 'day');
  const [unit, length] = UNITS.find(isUsual) ?? ['second', 1];
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  return format.format(Math.floor(seconds / length));
}
