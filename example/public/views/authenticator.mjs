import { auth, secondFactor } from '../auth.mjs';
import { h } from '../dom.mjs';
import { createForm } from '../form.mjs';
import { codeField } from '../proof-fields.mjs';
import { qrCode } from '../qr-code.mjs';
import { t } from '../texts.mjs';
import { showRecoveryCodes } from './recovery-codes.mjs';

/** The server keeps an enrolment for 10 minutes. */
const KEPT_MS = 9 * 60_000;

/**
 * The enrolment that has begun. The view shows the same one after a change of the language, because the app has its secret already.
 * @type {(import('passport-visa/client/second-factor').TotpEnrolment & { until: number }) | undefined}
 */
let enrolment;
auth.onChange(forget);

/** @type {import('../router.mjs').View} */
export async function authenticatorView(page) {
  if (!enrolment || enrolment.until < Date.now())
    enrolment = { ...(await secondFactor.startTotp()), until: Date.now() + KEPT_MS };
  const { id, secret, uri } = enrolment;
  return [
    h('h1', { tabindex: '-1' }, t('authenticator.title')),
    h('p', { class: 'lead' }, t('authenticator.lead')),
    h(
      'div',
      { class: 'card enrolment' },
      qrCode(uri, t('authenticator.qr')),
      h(
        'div',
        { class: 'text' },
        h('p', {}, t('authenticator.scan')),
        h('p', { class: 'hint' }, t('authenticator.manual')),
        h('code', { id: 'secret' }, (secret.match(/.{1,4}/g) ?? []).join(' ')),
        h('p', { class: 'hint' }, h('a', { href: uri }, t('authenticator.open'))),
      ),
    ),
    createForm({
      className: 'card',
      fields: [
        { ...codeField(), label: t('authenticator.code') },
        { name: 'name', label: t('authenticator.name'), autocomplete: 'off', optional: true },
      ],
      submit: t('authenticator.submit'),
      fieldFor: (code) =>
        code === 'INVALID_SECOND_FACTOR' ? { field: 'code', text: t('authenticator.wrong') } : undefined,
      async onSubmit({ code = '', name = '' }) {
        const codes = await secondFactor.confirmTotp({ id, code, ...(name.trim() && { name }) });
        forget();
        if (codes) showRecoveryCodes(page, codes, t('authenticator.done'));
        else page.go('/security', t('authenticator.done'));
      },
    }),
    h('p', {}, h('a', { href: '#/security' }, t('authenticator.cancel'))),
  ];
}

function forget() {
  enrolment = undefined;
}
