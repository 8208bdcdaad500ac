import { auth } from '../auth.mjs';
import { h } from '../dom.mjs';
import { language, t } from '../texts.mjs';

/** The new codes. In memory only, so they are gone after a reload. @type {readonly string[] | undefined} */
let codes;
auth.onChange(() => (codes = undefined));

/** @param {import('../router.mjs').Page} page @param {readonly string[]} next @param {string} [notice] */
export function showRecoveryCodes(page, next, notice) {
  codes = next;
  page.go('/recovery-codes', notice);
}

/** @type {import('../router.mjs').View} */
export function recoveryCodesView(page) {
  const title = h('h1', { tabindex: '-1' }, t('recovery.title'));
  if (!codes) {
    return [
      title,
      h('p', { class: 'lead' }, t('recovery.gone')),
      h('p', {}, h('a', { href: '#/security' }, t('security.title'))),
    ];
  }
  const text = textOf(codes);
  const button = (/** @type {string} */ name, /** @type {() => unknown} */ onclick) =>
    h('button', { type: 'button', class: 'button', onclick }, name);
  const copy = () => page.act(() => navigator.clipboard.writeText(text), t('recovery.copied'));
  return [
    title,
    h('p', { class: 'lead' }, t('recovery.lead')),
    h(
      'ol',
      { class: 'card codes', 'aria-label': t('recovery.title') },
      ...codes.map((code) => h('li', {}, h('code', {}, code))),
    ),
    // For the paper.
    h('p', { class: 'hint' }, origin()),
    h(
      'div',
      { class: 'actions' },
      button(t('recovery.download'), () => download(text)),
      button(t('recovery.copy'), copy),
      button(t('recovery.print'), () => print()),
    ),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'button primary', onclick: finish }, t('recovery.kept')),
    ),
  ];

  function finish() {
    codes = undefined;
    page.go('/security');
  }
}

/** @param {readonly string[]} list */
function textOf(list) {
  return [origin(), '', ...list, ''].join('\n');
}

/** Which site the codes are for, and since when. */
function origin() {
  const date = new Intl.DateTimeFormat(language(), { dateStyle: 'long' }).format(new Date());
  return t('recovery.file', { site: location.host, date });
}

/** @param {string} text */
function download(text) {
  const href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  h('a', { href, download: 'recovery-codes.txt' }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
