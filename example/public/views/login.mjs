import { auth, hasPasskeys, passkeys } from '../auth.mjs';
import { h } from '../dom.mjs';
import { asFailure, explain } from '../failures.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { logInBy } from './second-step.mjs';

/** @type {import('../router.mjs').View} */
export function loginView(page) {
  const withPasskeys = hasPasskeys();
  const remember = h('input', {
    type: 'checkbox',
    id: 'remember',
    name: 'remember',
    'aria-describedby': 'remember-hint',
    onchange: offerPasskeys,
  });
  offerPasskeys();
  return [
    h('h1', { tabindex: '-1' }, t('login.title')),
    h('p', { class: 'lead' }, t('login.lead')),
    createForm({
      fields: [
        {
          name: 'username',
          label: t('username'),
          autocomplete: withPasskeys ? 'username webauthn' : 'username',
        },
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
      otherSubmit: withPasskeys ? t('passkeys.login') : undefined,
      async onSubmit({ username = '', password = '' }, _form, isOther) {
        const login = () =>
          isOther
            ? passkeys.login({ remember: remember.checked })
            : auth.login({ username, password, remember: remember.checked });
        await logInBy(page, login);
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

  /** In the list of the name field, until the user picks one. The second call ends the first one. */
  async function offerPasskeys() {
    if (!withPasskeys) return;
    try {
      await logInBy(page, () => passkeys.login({ autofill: true, remember: remember.checked }));
    } catch (error) {
      const failure = asFailure(error);
      // Else nobody asked for anything yet: the form is there.
      if (failure.code === 'INVALID_PASSKEY') page.notify(explain(failure));
    }
  }
}
