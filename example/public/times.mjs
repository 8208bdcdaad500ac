// Times in everyday words, such as "3 minutes ago", with the full date in the title.
import { h } from './dom.mjs';
import { language, t } from './texts.mjs';

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** @param {string | Date} date @returns {string} "in 3 hours", "yesterday", "now" */
export function relativeTime(date) {
  const seconds = (new Date(date).getTime() - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' });
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', Infinity];
  return format.format(Math.round(seconds / length) || 0, unit);
}

/**
 * @param {string | Date} date
 * @param {import('./texts.mjs').TextKey} key of a text with {when} in it
 */
export function timeText(date, key) {
  const full = new Intl.DateTimeFormat(language(), { dateStyle: 'full', timeStyle: 'short' });
  const moment = new Date(date);
  const properties = { datetime: moment.toISOString(), title: full.format(moment) };
  return h('time', properties, t(key, { when: relativeTime(moment) }));
}

/** @param {number} seconds @returns {string} "40 seconds", "3 minutes" */
export function duration(seconds) {
  const [unit, count] = seconds < 60 ? ['second', seconds] : ['minute', Math.ceil(seconds / 60)];
  return new Intl.NumberFormat(language(), { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}
