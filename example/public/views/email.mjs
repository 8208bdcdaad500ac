import { account } from '../account.mjs';
import { auth } from '../auth.mjs';
import { h } from '../dom.mjs';
import { asFailure } from '../failures.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { mailsLink } from './sent.mjs';

/** Whether the login is too old for a change, and the password is asked for. */
let needsPassword = false;

/** @type {import('../router.mjs').View} */
export async function emailView(page) {
  const user = await auth.info();
  const done = h('div', { role: 'status' });
  return [
    h('h1', { tabindex: '-1' }, t('email.title')),
    h('p', { class: 'lead' }, t('email.lead', { username: user.username })),
    createForm({
      className: 'card',
      fields: [
        { name: 'username', label: t('email.new'), autocomplete: 'email' },
        ...(needsPassword
          ? [
              {
                name: 'password',
                label: t('password.current'),
                autocomplete: /** @type {const} */ ('current-password'),
                hint: t('email.password'),
              },
            ]
          : []),
      ],
      submit: t('email.submit'),
      fieldFor: (code) =>
        code === 'INVALID_CREDENTIALS' ? { field: 'password', text: t('password.wrong') } : undefined,
      async onSubmit({ username = '', password }, form) {
        try {
          // A login that is older than 5 minutes changes no address. The password makes a new one.
          if (password !== undefined) await auth.login({ username: user.username, password });
          await account.changeEmail({ username });
        } catch (error) {
          if (asFailure(error).code !== 'REAUTHENTICATION_REQUIRED') throw error;
          needsPassword = true;
          await page.refreshKeepingInput();
          return;
        }
        needsPassword = false;
        form.reset();
        done.replaceChildren(h('p', {}, t('email.sent', { username })), mailsLink() ?? '');
      },
    }),
    done,
  ];
}
