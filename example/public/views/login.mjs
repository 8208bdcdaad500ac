import { auth } from '../auth.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { logInBy } from './second-step.mjs';

/** @type {import('../router.mjs').View} */
export function loginView(page) {
  const remember = h('input', {
    type: 'checkbox',
    id: 'remember',
    name: 'remember',
    'aria-describedby': 'remember-hint',
  });
  return [
    h('h1', { tabindex: '-1' }, t('login.title')),
    h('p', { class: 'lead' }, t('login.lead')),
    createForm({
      fields: [
        { name: 'username', label: t('username'), autocomplete: 'username' },
        { name: 'password', label: t('password'), autocomplete: 'current-password' },
      ],
      more: [
        h(
          'div',
          { class: 'check' },
          remember,
          h('label', { for: 'remember' }, t('login.remember')),
          h('p', { id: 'remember-hint', class: 'hint' }, t('login.rememberHint')),
        ),
      ],
      submit: t('login.submit'),
      async onSubmit({ username = '', password = '' }) {
        await logInBy(page, () => auth.login({ username, password, remember: remember.checked }));
      },
    }),
    h(
      'p',
      { class: 'other' },
      h('a', { href: '#/forgot' }, t('forgot.link')),
      ' · ',
      h('a', { href: '#/login-by-mail' }, t('mailLogin.title')),
    ),
    h('p', { class: 'other' }, t('login.other'), ' ', h('a', { href: '#/register' }, t('login.otherLink'))),
  ];
}
