import { account } from '../account.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { rememberSent } from './sent.mjs';

/** @type {import('../router.mjs').View} */
export function forgotView(page) {
  return [
    h('h1', { tabindex: '-1' }, t('forgot.title')),
    h('p', { class: 'lead' }, t('forgot.lead')),
    createForm({
      fields: [{ name: 'username', label: t('username'), autocomplete: 'username' }],
      submit: t('forgot.submit'),
      async onSubmit({ username = '' }) {
        await account.forgotPassword({ username });
        rememberSent({ kind: 'reset', username });
        page.go('/sent');
      },
    }),
    h('p', { class: 'other' }, h('a', { href: '#/login' }, t('toLogin'))),
  ];
}
