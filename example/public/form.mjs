// A form that shows each failure where it belongs: beside its field, or above all fields.
import { h } from './dom.mjs';
import { asFailure, explain } from './failures.mjs';
import { createField } from './form-field.mjs';

/** @typedef {ReturnType<typeof createField>} Field */

/**
 * @param {object} parts
 * @param {import('./form-field.mjs').FieldOptions[]} parts.fields
 * @param {import('./dom.mjs').Child[]} [parts.more] between the fields and the button
 * @param {string} parts.submit the button's text
 * @param {string} [parts.otherSubmit] a second button, which does something else with the fields
 * @param {string} [parts.className]
 * @param {(values: Record<string, string>, form: HTMLFormElement, isOther: boolean) => Promise<unknown>} parts.onSubmit
 * @param {(code: string) => { field: string, text?: string } | undefined} [parts.fieldFor] the field that a failure is about
 */
export function createForm({
  fields: options,
  more = [],
  submit,
  otherSubmit,
  className = '',
  onSubmit,
  fieldFor,
}) {
  const fields = options.map(createField);
  const alert = h('div', { class: 'alert', role: 'alert' });
  const button = h('button', { class: 'button primary', type: 'submit' }, submit);
  const other = otherSubmit ? h('button', { class: 'button', type: 'submit' }, otherSubmit) : null;
  const elements = fields.map((field) => field.element);
  // `novalidate`, because the form shows messages of its own, in the words of the page.
  const form = h(
    'form',
    { novalidate: true, class: `form ${className}`, onsubmit },
    alert,
    ...elements,
    ...more,
    button,
    other,
  );
  return form;

  /** @param {SubmitEvent} event */
  async function onsubmit(event) {
    event.preventDefault();
    if (form.getAttribute('aria-busy') === 'true') return; // a second click
    clear();
    setBusy(true);
    try {
      const values = Object.fromEntries(fields.map(({ name, input }) => [name, input.value]));
      await onSubmit(values, form, event.submitter !== null && event.submitter === other);
    } catch (error) {
      show(asFailure(error));
    } finally {
      setBusy(false);
    }
  }

  function clear() {
    alert.replaceChildren();
    for (const field of fields) field.showError('');
  }

  /** Not `disabled`, which would take the focus away from the button that was pressed. @param {boolean} busy */
  function setBusy(busy) {
    form.setAttribute('aria-busy', String(busy));
    for (const each of [button, other]) each?.setAttribute('aria-disabled', String(busy));
  }

  /** @param {import('./failures.mjs').Failure} failure */
  function show(failure) {
    const placed = fieldFor?.(failure.code);
    // Reversed: a later error for a field replaces an earlier one, and the server's first error matters most.
    for (const { path, message } of failure.errors?.toReversed() ?? [])
      find(path)?.showError(sentence(message));
    if (placed) find(placed.field)?.showError(placed.text ?? explain(failure));
    const first = fields.find((field) => field.input.getAttribute('aria-invalid') === 'true');
    if (first) first.input.focus();
    else alert.replaceChildren(explain(failure));
  }

  /** @param {string} name */
  function find(name) {
    return fields.find((field) => field.name === name);
  }
}

/** The server's messages follow a field's name: "must not be empty". @param {string} message */
function sentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
