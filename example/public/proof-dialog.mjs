// Asks the user to prove again who they are, before something that a thief of the session must not do. The client calls it when the
// server refuses a request with REAUTHENTICATION_REQUIRED, and repeats the request afterwards.
import { auth, hasPasskeys, passkeys, secondFactor } from './auth.mjs';
import { h } from './dom.mjs';
import { createForm } from './form.mjs';
import { codeField, recoveryCodeField } from './proof-fields.mjs';
import { t } from './texts.mjs';

/**
 * @typedef {import('passport-visa/client/second-factor').Proof} Proof
 * @typedef {import('passport-visa/client/second-factor').ProofQuestion} ProofQuestion
 * @typedef {'passkey' | 'code' | 'recoveryCode' | 'password'} Kind
 */

/** Asks the dialog that is open again. @type {((failure: ProofQuestion['failure']) => Promise<Proof | undefined>) | undefined} */
let askAgain;

/** @param {ProofQuestion} question @returns {Promise<Proof | undefined>} undefined when the user closes the dialog */
export async function askForProof({ failure, acrValues, signal }) {
  if (failure) return askAgain?.(failure);
  const { factors, recoveryCodesLeft } = await secondFactor.list();
  const has = (/** @type {string} */ kind) => factors.some((factor) => factor.kind === kind);
  /** @type {Kind[]} */
  const kinds = [];
  if (has('passkey') && hasPasskeys()) kinds.push('passkey');
  kinds.push('password');
  if (has('totp')) kinds.push('code');
  if (recoveryCodesLeft > 0) kinds.push('recoveryCode');
  const good = kinds.filter((kind) => willDo(kind, acrValues));
  return openDialog(good.length > 0 ? good : ['password'], signal);
}

/** What the server calls the proofs that it asks for. @type {Record<Kind, string[]>} */
const METHODS = { passkey: ['hwk', 'swk'], password: ['pwd'], code: ['otp'], recoveryCode: ['rec'] };

/**
 * Where the server names methods, it must be one of them; where it wants a second factor (`mfa`), anything but the password, which
 * changes no factor of a user who has one. Else any proof will do.
 * @param {Kind} kind @param {string[]} acrValues
 */
function willDo(kind, acrValues) {
  const methods = acrValues.filter((value) => value !== 'mfa');
  if (methods.length > 0) return METHODS[kind].some((method) => methods.includes(method));
  return acrValues.length === 0 || kind !== 'password';
}

/** @param {Kind[]} kinds the first one is shown first @param {AbortSignal} signal */
function openDialog(kinds, signal) {
  /** @type {(proof: Proof | undefined) => void} */
  let answer = () => undefined;
  /** @type {(failure: unknown) => void} */
  let refuse = () => undefined;
  const wait = () => new Promise((resolve) => (answer = resolve));
  const body = h('div', { class: 'proof' });
  const dialog = h('dialog', { 'aria-labelledby': 'proof-title', 'aria-describedby': 'proof-text' }, body);
  const close = () => dialog.close();
  const stopListening = auth.onChange(close);

  dialog.addEventListener('close', () => {
    stopListening();
    askAgain = undefined;
    dialog.remove();
    answer(undefined);
  });
  signal.addEventListener('abort', close);
  askAgain = (failure) => {
    refuse(failure);
    return wait();
  };
  show(kinds[0] ?? 'password');
  document.body.append(dialog);
  dialog.showModal();
  return wait();

  /** @param {Kind} kind */
  function show(kind) {
    const others = kinds.filter((each) => each !== kind);
    const form = createForm({
      fields: FIELDS[kind](),
      submit: t(kind === 'passkey' ? 'passkeys.use' : 'proof.submit'),
      fieldFor: (code) => (code.startsWith('INVALID_') ? { field: kind, text: t(WRONG[kind]) } : undefined),
      // Goes on until the dialog is closed, or the proof was wrong.
      onSubmit: async (values) => {
        const proof = kind === 'passkey' ? await passkeys.prove() : values;
        await new Promise((_, reject) => {
          refuse = reject;
          answer(proof);
        });
      },
    });
    body.replaceChildren(
      h('h2', { id: 'proof-title' }, t('proof.title')),
      h('p', { id: 'proof-text' }, t(`proof.${kind}`)),
      form,
      h(
        'div',
        { class: 'actions' },
        ...others.map((each) => button(t(USE[each]), () => show(each))),
        button(t('cancel'), close),
      ),
    );
    /** @type {HTMLElement | null} */ (form.querySelector('input, button'))?.focus();
  }
}

/** @param {string} text @param {() => void} onclick */
function button(text, onclick) {
  return h('button', { type: 'button', class: 'button', onclick }, text);
}

/** @type {Record<Kind, () => import('./form-field.mjs').FieldOptions[]>} */
const FIELDS = {
  passkey: () => [],
  code: () => [codeField('proof-code')],
  recoveryCode: () => [recoveryCodeField('proof-recovery-code')],
  password: () => [
    {
      name: 'password',
      id: 'proof-password',
      label: t('password'),
      autocomplete: 'current-password',
    },
  ],
};

const WRONG = /** @type {const} */ ({
  passkey: 'error.INVALID_PASSKEY',
  code: 'secondStep.wrong',
  recoveryCode: 'recoveryStep.wrong',
  password: 'password.wrong',
});

/** The button that changes to this kind. */
const USE = /** @type {const} */ ({
  passkey: 'passkeys.use',
  code: 'secondStep.use',
  recoveryCode: 'recoveryStep.use',
  password: 'proof.usePassword',
});
