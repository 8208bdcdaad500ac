import { h } from '../dom.mjs';
import { asFailure, explain } from '../failures.mjs';
import { t } from '../texts.mjs';

/** Replaces a view that can't be shown. @param {unknown} error @param {() => unknown} retry */
export function failureView(error, retry) {
  return [
    h('h1', { tabindex: '-1' }, t('failed.title')),
    h('p', { class: 'lead' }, explain(asFailure(error))),
    h('button', { type: 'button', class: 'button primary', onclick: () => retry() }, t('tryAgain')),
  ];
}
