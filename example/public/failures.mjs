// Explains failures in the words of this page. The text depends on the code, never on the status or the message.
import { hasText, t } from './texts.mjs';
import { duration } from './times.mjs';

/**
 * The members of an AuthClientError. Other errors have no code.
 *
 * @typedef {object} Failure
 * @property {string} code
 * @property {{ path: string, message: string }[]} [errors]
 * @property {number} [retryAfterSeconds]
 */

/** @param {unknown} error @returns {Failure} */
export function asFailure(error) {
  if (error instanceof DOMException) return { code: error.name }; // of a passkey: the browser or its user refused
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
