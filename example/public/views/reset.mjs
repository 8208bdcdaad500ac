import { account } from '../account.mjs';
import { t } from '../texts.mjs';
import { linkView } from './link.mjs';

/** @type {import('../router.mjs').View} */
export function resetView() {
  return linkView({
    title: t('reset.title'),
    lead: t('reset.lead'),
    fields: [
      {
        name: 'newPassword',
        label: t('password.new'),
        autocomplete: 'new-password',
        hint: t('register.passwordHint'),
      },
    ],
    submit: t('reset.submit'),
    otherWay: { href: '#/forgot', text: t('link.newReset') },
    async onSubmit({ token, values: { newPassword = '' }, end }) {
      const { repeated } = await account.resetPassword({ token, newPassword });
      end(() => ({
        title: t('reset.doneTitle'),
        text: t(repeated ? 'reset.repeated' : 'reset.done'),
        href: '#/login',
        link: t('login.submit'),
      }));
    },
  });
}
