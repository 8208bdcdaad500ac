// What the pages of links have in common. None of them acts before a click: programs that check the links of mails open them too.
import { linkToken } from '../account.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';

/** @typedef {{ title: string, text: string, href: string, link: string }} Outcome */

/**
 * @param {object} parts
 * @param {string} parts.title
 * @param {string} parts.lead
 * @param {string} parts.submit
 * @param {import('../form-field.mjs').FieldOptions[]} [parts.fields]
 * @param {{ href: string, text: string }} parts.otherWay where to get a new link
 * @param {(link: { token: string, values: Record<string, string>, end: (outcome: Outcome) => void }) => Promise<unknown>} parts.onSubmit
 * @param {(code: string) => { field: string, text?: string } | undefined} [parts.fieldFor]
 */
export function linkView({ title, lead, submit, fields = [], otherWay, onSubmit, fieldFor }) {
  const other = h('p', { class: 'other' }, h('a', { href: otherWay.href }, otherWay.text));
  if (linkToken === undefined)
    return [heading(t('link.missing')), h('p', { class: 'lead' }, t('link.openAgain')), other];
  const token = linkToken;
  const view = h('div', { class: 'link' });
  view.append(
    heading(title),
    h('p', { class: 'lead' }, lead),
    createForm({
      fields,
      submit,
      onSubmit: (values) => onSubmit({ token, values, end }),
      ...(fieldFor && { fieldFor }),
    }),
    other,
  );
  return [view];

  /** @param {Outcome} outcome */
  function end({ title: ended, text, href, link }) {
    view.replaceChildren(
      heading(ended),
      h('p', { class: 'lead' }, text),
      h('p', {}, h('a', { class: 'button primary', href }, link)),
    );
    view.querySelector('h1')?.focus();
  }
}

/** @param {string} text */
function heading(text) {
  return h('h1', { tabindex: '-1' }, text);
}
