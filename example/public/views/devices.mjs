import { auth } from '../auth.mjs';
import { confirmed } from '../dialog.mjs';
import { h } from '../dom.mjs';
import { sessionCard } from '../session-card.mjs';
import { t } from '../texts.mjs';

/** @type {import('../router.mjs').View} */
export async function devicesView(page) {
  const sessions = await auth.sessions();
  // This device first; the others keep the server's order, the last used first.
  const sorted = sessions.toSorted((a, b) => Number(b.current) - Number(a.current));
  return [
    h('h1', { tabindex: '-1' }, t('devices.title')),
    h('p', { class: 'lead' }, t('devices.lead')),
    h('ul', { class: 'devices' }, ...sorted.map((session) => sessionCard(session, end))),
    h(
      'div',
      { class: 'actions' },
      sessions.length > 1
        ? h('button', { type: 'button', class: 'button', onclick: endOthers }, t('devices.endOthers'))
        : null,
      h('button', { type: 'button', class: 'button danger', onclick: endAll }, t('devices.endAll')),
    ),
  ];

  /** @param {import('../session-card.mjs').ListedSession} session @param {string} name */
  async function end(session, name) {
    if (session.current) return page.logOut();
    await page.act(() => auth.endSession(session.id), t('devices.ended', { device: name }));
    await page.refresh();
  }

  async function endOthers() {
    await page.act(() => auth.endOtherSessions(), t('devices.endedOthers'));
    await page.refresh();
  }

  async function endAll() {
    const question = {
      title: t('devices.endAllQuestion'),
      text: t('devices.endAllText'),
      action: t('devices.endAll'),
    };
    if (await confirmed(question)) page.logOutEverywhere();
  }
}
