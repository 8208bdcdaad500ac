// The parts of the view "Security", and the cards in them.
import { confirmed } from './dialog.mjs';
import { h, icon } from './dom.mjs';
import { t } from './texts.mjs';

/** @param {string} id @param {string} title @param {string} text @param {...import('./dom.mjs').Child} content */
export function part(id, title, text, ...content) {
  return h(
    'section',
    { class: 'part', 'aria-labelledby': `part-${id}` },
    h('h2', { id: `part-${id}` }, title),
    h('p', { class: 'hint' }, text),
    ...content,
  );
}

/**
 * @param {object} parts
 * @param {string} parts.id
 * @param {Parameters<typeof icon>[0]} parts.image
 * @param {string} parts.title
 * @param {string | undefined} [parts.badge]
 * @param {import('./dom.mjs').Child[]} parts.facts
 * @param {{ text: string, label: string, run: () => void }[]} parts.actions `label`: the same for screen readers, with what it is about
 */
export function card({ id, image, title, badge, facts, actions }) {
  return h(
    'li',
    { class: 'card device', 'aria-labelledby': `card-${id}` },
    icon(image),
    h(
      'div',
      { class: 'text' },
      h('h3', { id: `card-${id}` }, title, badge ? h('span', { class: 'badge' }, badge) : null),
      h('p', { class: 'hint' }, ...facts),
    ),
    h(
      'div',
      { class: 'card-actions' },
      ...actions.map(({ text, label, run }) =>
        h('button', { type: 'button', class: 'button small', 'aria-label': label, onclick: run }, text),
      ),
    ),
  );
}

/** Asks whether to remove a factor. @param {string} name @param {number} factorCount passkeys and authenticator apps */
export function confirmedRemoval(name, factorCount) {
  return confirmed({
    title: t('factors.removeQuestion', { name }),
    text: t(factorCount > 1 ? 'factors.removeText' : 'factors.removeLastText'),
    action: t('factors.remove'),
  });
}
