import { median } from '../bench/lib/statistics.mjs';

/** @typedef {readonly [seconds: number, value: number]} Point */

/**
 * How far the end may exceed the beginning: by the greater of the two.
 *
 * @typedef {{ percent: number, absolute: number }} Tolerance
 */

/**
 * @typedef {object} Judgement
 * @property {number} first the median of the first quarter after the warm-up
 * @property {number} last the median of the last quarter
 * @property {number} change
 * @property {number} trend the rise of the line of best fit, from the middle of the first quarter to the middle of the last
 * @property {number} allowed
 * @property {boolean} grew whether both change and trend exceed what is allowed; only one of them may be chance
 */

const FEWEST_IN_A_QUARTER = 3;

/**
 * Whether a series grows after the warm-up.
 *
 * @param {readonly Point[]} points
 * @param {{ warmUp: number, seconds: number, tolerance: Tolerance }} run
 * @returns {Judgement}
 * @throws {Error} when there are too few points to judge by
 */
export function judge(points, { warmUp, seconds, tolerance }) {
  const quarter = (seconds - warmUp) / 4;
  const measured = points.filter(([at]) => at >= warmUp);
  const beginning = measured.filter(([at]) => at < warmUp + quarter);
  const end = measured.filter(([at]) => at >= seconds - quarter);
  if (Math.min(beginning.length, end.length) < FEWEST_IN_A_QUARTER)
    throw new Error('Too few samples to judge by');
  const first = median(values(beginning));
  const last = median(values(end));
  const change = last - first;
  const trend = slope(measured) * 3 * quarter;
  const allowed = Math.max((first * tolerance.percent) / 100, tolerance.absolute);
  return { first, last, change, trend, allowed, grew: Math.min(change, trend) > allowed };
}

/** @param {readonly Point[]} points */
function values(points) {
  return points.map(([, value]) => value);
}

/** By least squares, per second. @param {readonly Point[]} points */
function slope(points) {
  const meanAt = mean(points.map(([at]) => at));
  const meanValue = mean(values(points));
  let together = 0;
  let alone = 0;
  for (const [at, value] of points) {
    together += (at - meanAt) * (value - meanValue);
    alone += (at - meanAt) ** 2;
  }
  return together / alone;
}

/** @param {readonly number[]} numbers */
function mean(numbers) {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
