import { changeAccount, endSessions, findAccount } from '../admin-client.mjs';
import { confirmed } from '../dialog.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { sessionCard } from '../session-card.mjs';
import { t } from '../texts.mjs';

/** @typedef {import('../admin-client.mjs').Account} Account */
/** @typedef {import('../router.mjs').Page} Page */

/** @type {import('../router.mjs').View} */
export function adminView(page) {
  const result = h('section', { class: 'result', 'aria-label': t('admin.result') });
  return [
    h('h1', { tabindex: '-1' }, t('admin.title')),
    h('p', { class: 'lead' }, t('admin.lead')),
    createForm({
      className: 'card inline',
      fields: [{ name: 'username', label: t('username'), autocomplete: 'off' }],
      submit: t('admin.find'),
      fieldFor: (code) => (code === 'USER_NOT_FOUND' ? { field: 'username' } : undefined),
      async onSubmit({ username = '' }) {
        result.replaceChildren();
        await showAccount(page, result, username);
      },
    }),
    result,
  ];
}

/** Loads and shows the account, and moves the focus to it. @param {Page} page @param {HTMLElement} result @param {string} username */
async function showAccount(page, result, username) {
  const account = await findAccount(username);
  const { user, sessions } = account;
  const run = async (/** @type {() => Promise<unknown>} */ action, /** @type {string} */ done) => {
    await page.act(action, done);
    await page.act(() => showAccount(page, result, username));
  };
  result.replaceChildren(
    h(
      'div',
      { class: 'card account' },
      h('h2', { tabindex: '-1' }, user.username, stateBadge(user)),
      h('p', { class: 'hint' }, user.roles.join(', ') || t('profile.noRoles'), ' · ', h('code', {}, user.id)),
      account.own ? h('p', {}, t('admin.self')) : accountActions(account, run),
    ),
    h('h2', { class: 'section' }, sessions.length > 0 ? t('admin.sessions') : t('admin.noSessions')),
    h(
      'ul',
      { class: 'devices' },
      ...sessions.map((session) =>
        sessionCard(session, (_, device) =>
          run(() => endSessions(user.id, session.id), t('devices.ended', { device })),
        ),
      ),
    ),
  );
  result.querySelector('h2')?.focus();
}

/** @param {Account['user']} user */
function stateBadge({ disabled }) {
  return disabled
    ? h('span', { class: 'badge danger' }, t('admin.disabled'))
    : h('span', { class: 'badge' }, t('admin.active'));
}

/**
 * @param {Account} account
 * @param {(action: () => Promise<unknown>, done: string) => Promise<void>} run
 */
function accountActions({ user: { id, username, disabled }, sessions }, run) {
  const button = (/** @type {string} */ text, /** @type {() => unknown} */ onclick, kind = '') =>
    h('button', { type: 'button', class: `button ${kind}`, onclick }, text);
  const enable = () => run(() => changeAccount(id, { disabled: false }), t('admin.isEnabled', { username }));
  const endAll = () => run(() => endSessions(id), t('admin.endedAll', { username }));
  return h(
    'div',
    { class: 'actions' },
    sessions.length > 0 ? button(t('admin.endAll'), endAll) : null,
    disabled ? button(t('admin.enable'), enable) : button(t('admin.disable'), disable, 'danger'),
  );

  async function disable() {
    const title = t('admin.disableQuestion', { username });
    if (await confirmed({ title, text: t('admin.disableText'), action: t('admin.disable') })) {
      await run(() => changeAccount(id, { disabled: true }), t('admin.isDisabled', { username }));
    }
  }
}
