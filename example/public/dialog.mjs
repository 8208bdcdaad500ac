// Small questions: confirmation before something that can't be undone, and a name.
import { h } from './dom.mjs';
import { t } from './texts.mjs';

/**
 * @param {{ title: string, text: string, action: string }} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, action }) {
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-text' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'dialog-title' }, title),
      h('p', { id: 'dialog-text' }, text),
      h(
        'div',
        { class: 'actions' },
        h('button', { class: 'button', value: 'no' }, t('cancel')),
        h('button', { class: 'button danger', value: 'yes' }, action),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    // Escape closes it too, with no value. The browser returns the focus to the element that had it.
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

/**
 * @param {{ title: string, label: string, value: string }} question
 * @returns {Promise<string>} '' when the user closes the dialog
 */
export function askedName({ title, label, value }) {
  const input = h('input', { id: 'dialog-name', value, maxlength: 64, required: true, autocomplete: 'off' });
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title' },
    h(
      'form',
      { method: 'dialog', class: 'form' },
      h('h2', { id: 'dialog-title' }, title),
      h('div', { class: 'field' }, h('label', { for: 'dialog-name' }, label), input),
      h(
        'div',
        { class: 'actions' },
        h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, t('cancel')),
        h('button', { class: 'button primary', value: 'yes' }, t('save')),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  input.select();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes' ? input.value.trim() : '');
    });
  });
}
