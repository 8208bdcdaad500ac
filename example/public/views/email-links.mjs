import { account } from '../account.mjs';
import { auth } from '../auth.mjs';
import { t } from '../texts.mjs';
import { linkView } from './link.mjs';

/** @type {import('../router.mjs').View} */
export async function confirmEmailView() {
  // The link changes this account only. Someone with two may be logged in to the other.
  const { username } = await auth.info();
  return linkView({
    title: t('confirm.title'),
    lead: t('confirm.lead', { username }),
    submit: t('confirm.submit'),
    otherWay: { href: '#/email', text: t('link.newChange') },
    async onSubmit({ token, end }) {
      await account.confirmEmailChange({ token });
      end(() => ({
        title: t('confirm.doneTitle'),
        text: t('confirm.done'),
        href: '#/profile',
        link: t('link.continue'),
      }));
    },
  });
}

/** @type {import('../router.mjs').View} */
export function undoEmailView() {
  return linkView({
    title: t('undo.title'),
    lead: t('undo.lead'),
    submit: t('undo.submit'),
    otherWay: { href: '#/forgot', text: t('link.newReset') },
    async onSubmit({ token, end }) {
      await account.undoEmailChange({ token });
      end(() => ({
        title: t('undo.doneTitle'),
        text: t('undo.done'),
        href: '#/login',
        link: t('link.continue'),
      }));
    },
  });
}
