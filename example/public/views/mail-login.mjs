import { account } from '../account.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { linkView } from './link.mjs';
import { logInBy } from './second-step.mjs';
import { mailsLink, rememberSent } from './sent.mjs';

/** Where the code was sent. */
let codeFor = '';

/** @type {import('../router.mjs').View} */
export function mailLoginView(page) {
  return [
    h('h1', { tabindex: '-1' }, t('mailLogin.title')),
    h('p', { class: 'lead' }, t('mailLogin.lead')),
    createForm({
      fields: [{ name: 'username', label: t('username'), autocomplete: 'username' }],
      submit: t('mailLogin.link'),
      otherSubmit: t('mailLogin.code'),
      async onSubmit({ username = '' }, _form, isOther) {
        if (isOther) {
          await account.askLoginCode({ username });
          codeFor = username;
          page.go('/login-code');
        } else {
          await account.askLoginLink({ username });
          rememberSent({ kind: 'link', username });
          page.go('/sent');
        }
      },
    }),
    h('p', { class: 'other' }, h('a', { href: '#/login' }, t('mailLogin.password'))),
  ];
}

/** @type {import('../router.mjs').View} */
export function loginCodeView(page) {
  return [
    h('h1', { tabindex: '-1' }, t('code.title')),
    h('p', { class: 'lead' }, codeFor ? t('code.lead', { username: codeFor }) : t('code.missing')),
    mailsLink(),
    createForm({
      fields: [{ name: 'code', label: t('code.label'), autocomplete: 'one-time-code', hint: t('code.hint') }],
      submit: t('login.submit'),
      fieldFor: (code) =>
        code === 'ONE_TIME_TOKEN_INVALID' ? { field: 'code', text: t('code.wrong') } : undefined,
      async onSubmit({ code = '' }) {
        await logInBy(page, () => account.verifyLoginCode({ code }));
      },
    }),
    h('p', { class: 'other' }, h('a', { href: '#/login-by-mail' }, t('code.again'))),
  ];
}

/** @type {import('../router.mjs').View} */
export function loginLinkView(page) {
  return linkView({
    title: t('loginLink.title'),
    lead: t('loginLink.lead'),
    submit: t('login.submit'),
    otherWay: { href: '#/login-by-mail', text: t('link.newLogin') },
    async onSubmit({ token, end }) {
      const showUsed = () =>
        end(() => ({
          title: t('loginLink.usedTitle'),
          text: t('loginLink.used'),
          href: '#/login',
          link: t('login.submit'),
        }));
      await logInBy(page, async () => (await account.verifyLoginLink({ token })).user, showUsed);
    },
  });
}
