import { account } from '../account.mjs';
import { asFailure } from '../failures.mjs';
import { t } from '../texts.mjs';
import { linkView } from './link.mjs';
import { logInBy } from './second-step.mjs';

/** Whether the server has asked for the password, as it does in another browser than the one that registered. */
let needsPassword = false;

/** @type {import('../router.mjs').View} */
export function verifyView(page) {
  return linkView({
    title: t('verify.title'),
    lead: t(needsPassword ? 'verify.password' : 'verify.lead'),
    fields: needsPassword
      ? [{ name: 'password', label: t('password'), autocomplete: 'current-password' }]
      : [],
    submit: t('verify.submit'),
    otherWay: { href: '#/register', text: t('link.newVerify') },
    fieldFor: (code) =>
      code === 'INVALID_CREDENTIALS' ? { field: 'password', text: t('verify.wrongPassword') } : undefined,
    async onSubmit({ token, values: { password }, end }) {
      try {
        const link = { token, ...(password !== undefined && { password }) };
        const showUsed = () =>
          end(() => ({
            title: t('verify.doneTitle'),
            text: t('verify.repeated'),
            href: '#/login',
            link: t('login.submit'),
          }));
        await logInBy(page, async () => (await account.verifyEmail(link)).user, showUsed);
      } catch (error) {
        if (needsPassword || asFailure(error).code !== 'INVALID_CREDENTIALS') throw error;
        needsPassword = true;
        await page.refresh();
      }
    },
  });
}
