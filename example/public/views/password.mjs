import { auth } from '../auth.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';

/** @type {import('../router.mjs').View} */
export async function passwordView(page) {
  const { username } = await auth.info();
  return [
    h('h1', { tabindex: '-1' }, t('password.title')),
    h('p', { class: 'lead' }, t('password.lead')),
    createForm({
      className: 'card',
      fields: [
        { name: 'currentPassword', label: t('password.current'), autocomplete: 'current-password' },
        {
          name: 'newPassword',
          label: t('password.new'),
          autocomplete: 'new-password',
          hint: t('register.passwordHint'),
        },
      ],
      // Tells password managers whose password this is.
      more: [
        h('input', {
          name: 'username',
          autocomplete: 'username',
          value: username,
          hidden: true,
          readonly: true,
        }),
      ],
      submit: t('password.submit'),
      fieldFor: (code) =>
        code === 'INVALID_CREDENTIALS' ? { field: 'currentPassword', text: t('password.wrong') } : undefined,
      async onSubmit({ currentPassword = '', newPassword = '' }, form) {
        await auth.changePassword({ currentPassword, newPassword });
        form.reset();
        page.notify(t('password.changed'));
      },
    }),
  ];
}
