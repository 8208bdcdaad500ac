import { account } from '../account.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { rememberSent } from './sent.mjs';

/** @type {import('../router.mjs').View} */
export function registerView(page) {
  return [
    h('h1', { tabindex: '-1' }, t('register.title')),
    h('p', { class: 'lead' }, t('register.lead')),
    createForm({
      fields: [
        { name: 'username', label: t('username'), autocomplete: 'username' },
        {
          name: 'password',
          label: t('password'),
          autocomplete: 'new-password',
          hint: t('register.passwordHint'),
        },
      ],
      submit: t('register.submit'),
      async onSubmit({ username = '', password = '' }) {
        await account.register({ username, password });
        rememberSent({ kind: 'verify', username });
        page.go('/sent');
      },
    }),
    h(
      'p',
      { class: 'other' },
      t('register.other'),
      ' ',
      h('a', { href: '#/login' }, t('register.otherLink')),
    ),
  ];
}
