// What the pages of links have in common. None of them acts before a click: programs that check the links of mails open them too.
import { linkToken } from '../account.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';

/** In the language of the moment it is shown. @typedef {() => { title: string, text: string, href: string, link: string }} Outcome */

/** What has become of the link. A page is opened by one link. @type {Outcome | undefined} */
let ended;

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
  if (ended) showEnd(ended);
  else {
    const form = createForm({
      fields,
      submit,
      onSubmit: (values) => onSubmit({ token, values, end }),
      ...(fieldFor && { fieldFor }),
    });
    view.append(heading(title), h('p', { class: 'lead' }, lead), form, other);
  }
  return [view];

  /** @param {Outcome} outcome */
  function end(outcome) {
    ended = outcome;
    showEnd(outcome);
    view.querySelector('h1')?.focus();
  }

  /** @param {Outcome} outcome */
  function showEnd(outcome) {
    const { title: endTitle, text, href, link } = outcome();
    view.replaceChildren(
      heading(endTitle),
      h('p', { class: 'lead' }, text),
      h('a', { class: 'button primary', href }, link),
    );
  }
}

/** @param {string} text */
function heading(text) {
  return h('h1', { tabindex: '-1' }, text);
}
