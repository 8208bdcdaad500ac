// The fields of a second factor: at the login, and where a proof is asked for again.
import { t } from './texts.mjs';

/** @param {string} [id] @returns {import('./form-field.mjs').FieldOptions} */
export function codeField(id = 'field-code') {
  return {
    name: 'code',
    id,
    label: t('secondStep.code'),
    autocomplete: 'one-time-code',
    hint: t('secondStep.codeHint'),
  };
}

/** @param {string} [id] @returns {import('./form-field.mjs').FieldOptions} */
export function recoveryCodeField(id = 'field-recoveryCode') {
  return { name: 'recoveryCode', id, label: t('recoveryStep.code'), autocomplete: 'off' };
}
