/** @typedef {import('./statistics.mjs').Spread} Spread */

/** @param {number} value */
export const whole = (value) => Math.round(value).toLocaleString('en-US').replace('-0', '0');
/** @param {number} value */
export const twoDigits = (value) => value.toFixed(2);
/** Three significant digits. @param {number} value */
export const brief = (value) =>
  Math.abs(value) >= 100 ? whole(value) : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
/** @param {Spread} spread @param {(value: number) => string} format */
export const range = ({ low, high }, format) => `${format(low)} – ${format(high)}`;
/** @param {number} share */
export const percent = (share) => `${(share * 100).toFixed(0)} %`;
