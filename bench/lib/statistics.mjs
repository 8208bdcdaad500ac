/**
 * @param {readonly number[]} sorted
 * @param {number} share from 0 to 1
 * @returns {number} the nearest rank
 */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** @typedef {{ median: number, low: number, high: number }} Spread the median and the quartiles */

/**
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: median(sorted), low: percentile(sorted, 0.25), high: percentile(sorted, 0.75) };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (!Number.isInteger(middle)) return sorted[Math.floor(middle)] ?? NaN;
  return (Number(sorted[middle - 1]) + Number(sorted[middle])) / 2;
}
