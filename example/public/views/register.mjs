import { auth } from '../auth.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';

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
      fieldFor: (code) => (code === 'USERNAME_TAKEN' ? { field: 'username' } : undefined),
      async onSubmit({ username = '', password = '' }) {
        await auth.register({ username, password });
        try {
          await auth.login({ username, password });
        } catch {
          // The account exists, so only the login needs another try.
          page.go('/login', t('notice.registered'));
          return;
        }
        await page.enter();
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
