import { account } from '../account.mjs';
import { auth } from '../auth.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { t } from '../texts.mjs';
import { mailsLink } from './sent.mjs';

/** @type {import('../router.mjs').View} */
export async function emailView() {
  const { username: current } = await auth.info();
  const done = h('div', { role: 'status' });
  return [
    h('h1', { tabindex: '-1' }, t('email.title')),
    h('p', { class: 'lead' }, t('email.lead', { username: current })),
    createForm({
      className: 'card',
      fields: [{ name: 'username', label: t('email.new'), autocomplete: 'email' }],
      submit: t('email.submit'),
      async onSubmit({ username = '' }, form) {
        // A login that is older than 5 minutes changes no address: the client asks for a proof first.
        await account.changeEmail({ username });
        form.reset();
        done.replaceChildren(h('p', {}, t('email.sent', { username })), mailsLink() ?? '');
      },
    }),
    done,
  ];
}
