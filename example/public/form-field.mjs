// One field: its label above, its hint and error below. Screen readers read both with the field.
import { h, icon } from './dom.mjs';
import { t } from './texts.mjs';

/**
 * @typedef {object} FieldOptions
 * @property {string} name the server's name for it
 * @property {string} [id] unique in the page. Default: from the name
 * @property {boolean} [optional]
 * @property {string} label
 * @property {'username' | 'username webauthn' | 'email' | 'one-time-code' | 'current-password' | 'new-password' | 'off'} autocomplete
 * @property {string} [hint]
 * @property {string} [value]
 */

/** @param {FieldOptions} options */
export function createField({
  name,
  id = `field-${name}`,
  label,
  autocomplete,
  hint,
  value,
  optional = false,
}) {
  const isPassword = autocomplete.endsWith('password');
  const input = h('input', {
    id,
    name,
    value,
    autocomplete,
    // Not `type: 'email'`: names from before the addresses log in too, and browsers rewrite addresses with letters such as ü.
    type: isPassword ? 'password' : 'text',
    inputmode: INPUT_MODES[autocomplete],
    required: !optional,
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '1024',
    'aria-describedby': hint ? `${id}-hint ${id}-error` : `${id}-error`,
  });
  const error = h('p', { id: `${id}-error`, class: 'field-error' });
  const element = h(
    'div',
    { class: 'field' },
    h('label', { for: id }, label),
    isPassword ? withReveal(input, label) : input,
    hint ? h('p', { id: `${id}-hint`, class: 'hint' }, hint) : null,
    error,
  );
  return { name, element, input, showError };

  /** @param {string} text '' clears the error */
  function showError(text) {
    error.textContent = text;
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
}

/** Which keys a phone shows. @type {Partial<Record<FieldOptions['autocomplete'], string>>} */
const INPUT_MODES = {
  username: 'email',
  'username webauthn': 'email',
  email: 'email',
  'one-time-code': 'numeric',
};

/** @param {HTMLInputElement} input @param {string} label */
function withReveal(input, label) {
  const button = h('button', { type: 'button', class: 'reveal', 'aria-pressed': 'false', onclick: toggle });
  button.append(h('span', { class: 'visually-hidden' }, `${t('showPassword')}: ${label}`), icon('eye'));
  return h('div', { class: 'password' }, input, button);

  function toggle() {
    const shown = input.type === 'text';
    input.type = shown ? 'password' : 'text';
    button.setAttribute('aria-pressed', String(!shown));
  }
}
