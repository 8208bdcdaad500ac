import { account } from '../account.mjs';
import { mailsPage } from '../auth.mjs';
import { h } from '../dom.mjs';
import { t } from '../texts.mjs';

/** @typedef {{ kind: 'verify' | 'reset' | 'link', username: string }} Sent */

/** The mail that was asked for last. @type {Sent | undefined} */
let sent;

/** @param {Sent} mail */
export function rememberSent(mail) {
  sent = mail;
}

/** @type {import('../router.mjs').View} */
export function sentView(page) {
  if (!sent) {
    return [
      h('h1', { tabindex: '-1' }, t('sent.title')),
      h('p', {}, h('a', { href: '#/login' }, t('toLogin'))),
    ];
  }
  const { kind, username } = sent;
  const resend = h('button', { type: 'button', class: 'button', onclick: sendAgain }, t('sent.again'));
  return [
    h('h1', { tabindex: '-1' }, t('sent.title')),
    h('p', { class: 'lead' }, t(`sent.${kind}`, { username })),
    h('p', { class: 'hint' }, t('sent.hint')),
    mailsLink(),
    h('div', { class: 'actions' }, kind === 'verify' ? resend : null),
    h('p', { class: 'other' }, h('a', { href: '#/login' }, t('toLogin'))),
  ];

  async function sendAgain() {
    await page.act(() => account.resendVerification({ username }), t('sent.done'));
  }
}

/** Without a mail server the app shows its mails. */
export function mailsLink() {
  const path = mailsPage();
  return path ? h('p', {}, h('a', { href: path, target: '_blank' }, t('sent.mails'))) : null;
}
