// The second step of a login: a code of the authenticator app, a passkey, or a recovery code.
import { hasPasskeys, passkeys, secondFactor } from '../auth.mjs';
import { h } from '../dom.mjs';
import { asFailure } from '../failures.mjs';
import { createForm } from '../form.mjs';
import { codeField, recoveryCodeField } from '../proof-fields.mjs';
import { t } from '../texts.mjs';

/** @typedef {import('../router.mjs').Page} Page */

/** What the user has for it. After a reload only the server knows. @type {readonly string[]} */
let kinds = ['totp', 'passkey', 'recovery-code'];

/**
 * Runs a login, and goes on with the view that was wanted, or with the second step if the user has one.
 *
 * @param {Page} page
 * @param {() => Promise<unknown>} login resolves with the user
 * @param {() => void} [otherwise] without a user
 */
export async function logInBy(page, login, otherwise) {
  try {
    if (!(await login())) return otherwise?.();
  } catch (error) {
    if (asFailure(error).code !== 'SECOND_FACTOR_REQUIRED') throw error;
    kinds = /** @type {import('passport-visa/client').AuthClientError} */ (error).factors ?? kinds;
    page.go('/second-step');
    return;
  }
  await page.enter();
}

/** @type {import('../router.mjs').View} */
export function secondStepView(page) {
  const trust = h('input', {
    type: 'checkbox',
    id: 'trust',
    name: 'trust',
    'aria-describedby': 'trust-hint',
  });
  const hasPasskey = kinds.includes('passkey') && hasPasskeys();
  const hasApp = kinds.includes('totp') || !hasPasskey;
  return [
    h('h1', { tabindex: '-1' }, t('secondStep.title')),
    h('p', { class: 'lead' }, t(hasApp ? 'secondStep.lead' : 'secondStep.passkeyLead')),
    createForm({
      fields: hasApp ? [codeField()] : [],
      more: [
        h(
          'div',
          { class: 'check' },
          trust,
          h('label', { for: 'trust' }, t('secondStep.trust')),
          h('p', { id: 'trust-hint', class: 'hint' }, t('secondStep.trustHint')),
        ),
      ],
      submit: t(hasApp ? 'login.submit' : 'passkeys.use'),
      otherSubmit: hasApp && hasPasskey ? t('passkeys.use') : undefined,
      fieldFor: (code) =>
        code === 'INVALID_SECOND_FACTOR' ? { field: 'code', text: t('secondStep.wrong') } : undefined,
      onSubmit: async ({ code = '' }, _form, isOther) => {
        const proof = isOther || !hasApp ? await passkeys.prove() : { code };
        await finish(page, { ...proof, trustDevice: trust.checked });
      },
    }),
    kinds.includes('recovery-code') &&
      h('p', { class: 'other' }, h('a', { href: '#/recovery-step' }, t('recoveryStep.use'))),
    back(),
  ];
}

/** @type {import('../router.mjs').View} */
export function recoveryStepView(page) {
  return [
    h('h1', { tabindex: '-1' }, t('recoveryStep.title')),
    h('p', { class: 'lead' }, t('recoveryStep.lead')),
    createForm({
      fields: [recoveryCodeField()],
      submit: t('login.submit'),
      fieldFor: (code) =>
        code === 'INVALID_SECOND_FACTOR'
          ? { field: 'recoveryCode', text: t('recoveryStep.wrong') }
          : undefined,
      onSubmit: ({ recoveryCode = '' }) => finish(page, { recoveryCode }),
    }),
    h('p', { class: 'other' }, h('a', { href: '#/second-step' }, t('secondStep.use'))),
    back(),
  ];
}

/** @param {Page} page @param {import('passport-visa/client/second-factor').SecondStep} step */
async function finish(page, step) {
  try {
    await secondFactor.finishLogin(step);
  } catch (error) {
    if (asFailure(error).code !== 'FLOW_STATE_INVALID') throw error;
    page.go('/login', t('secondStep.over'));
    return;
  }
  await page.enter();
}

function back() {
  return h('p', { class: 'other' }, h('a', { href: '#/login' }, t('toLogin')));
}
