// Failures in the words of the page. The code decides, never the status or the message.
import { hasText, t } from './texts.mjs';
import { duration } from './times.mjs';

/**
 * What an AuthClientError says; anything else that was thrown has no code.
 *
 * @typedef {object} Failure
 * @property {string} code
 * @property {{ path: string, message: string }[]} [errors]
 * @property {number} [retryAfterSeconds]
 */

/** @param {unknown} error @returns {Failure} */
export function asFailure(error) {
  const { code, errors, retryAfterSeconds } = /** @type {Partial<Failure>} */ (error ?? {});
  if (typeof code === 'string')
    return { code, ...(errors && { errors }), ...(retryAfterSeconds && { retryAfterSeconds }) };
  console.error(error);
  return { code: 'UNKNOWN' };
}

/** @param {Failure} failure */
export function explain({ code, retryAfterSeconds = 60 }) {
  if (code === 'NETWORK_ERROR' && !navigator.onLine) return t('error.OFFLINE');
  const key = `error.${code}`;
  return t(hasText(key) ? key : 'error.UNKNOWN', { wait: duration(retryAfterSeconds) });
}
