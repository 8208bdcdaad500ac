// The frame around every view: the header with the navigation, and the line for notices.
import { byId, h, present } from './dom.mjs';
import { otherLanguage, language, t } from './texts.mjs';

/**
 * @typedef {object} ShellState
 * @property {{ path: string, text: string }[]} links
 * @property {string} path of the view that is shown
 * @property {(() => void) | undefined} onLogout
 * @property {() => void} onSwitchLanguage
 */

/** @param {ShellState} state */
export function showShell({ links, path, onLogout, onSwitchLanguage }) {
  document.documentElement.lang = language();
  const skip = byId('skip');
  skip.textContent = t('skip');
  skip.onclick = skipToMain;
  const tools = h(
    'div',
    { class: 'tools' },
    h(
      'button',
      { type: 'button', class: 'quiet', id: 'language', lang: otherLanguage(), onclick: onSwitchLanguage },
      t('otherLanguage'),
    ),
    onLogout
      ? h('button', { type: 'button', class: 'quiet', id: 'logout', onclick: onLogout }, t('logout'))
      : null,
  );
  byId('header').replaceChildren(...present([brand(), navigation(links, path), tools]));
}

/** Without changing the address: on this page the part after # names the view. @param {Event} event */
function skipToMain(event) {
  event.preventDefault();
  byId('main').focus();
}

function brand() {
  return h(
    'a',
    { class: 'brand', href: '#/' },
    h('img', { src: '/favicon.svg', alt: '', width: 28, height: 28 }),
    h('span', {}, t('brand')),
  );
}

/** @param {ShellState['links']} links @param {string} path */
function navigation(links, path) {
  if (links.length === 0) return null;
  const items = links.map((link) =>
    h('li', {}, h('a', { href: `#${link.path}`, 'aria-current': link.path === path && 'page' }, link.text)),
  );
  return h('nav', { 'aria-label': t('navigation') }, h('ul', {}, ...items));
}

const NOTICE_MS = 8_000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let noticeTimer;

/** Shows a notice for 8 seconds. @param {string} text '' for no notice */
export function notify(text) {
  clearTimeout(noticeTimer);
  byId('notice').replaceChildren(...present([text !== '' && h('p', { class: 'notice' }, text)]));
  if (text) noticeTimer = setTimeout(() => notify(''), NOTICE_MS);
}
