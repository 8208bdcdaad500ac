// Asks the user to prove again who they are, before something that a thief of the session must not do. The client calls it when the
// server refuses a request with REAUTHENTICATION_REQUIRED, and repeats the request afterwards.
import { auth, secondFactor } from './auth.mjs';
import { h } from './dom.mjs';
import { createForm } from './form.mjs';
import { codeField, recoveryCodeField } from './proof-fields.mjs';
import { t } from './texts.mjs';

/**
 * @typedef {import('passport-visa/client/second-factor').Proof} Proof
 * @typedef {import('passport-visa/client/second-factor').ProofQuestion} ProofQuestion
 * @typedef {'code' | 'recoveryCode' | 'password'} Kind
 */

/** Asks the dialog that is open again. @type {((failure: ProofQuestion['failure']) => Promise<Proof | undefined>) | undefined} */
let askAgain;

/** @param {ProofQuestion} question @returns {Promise<Proof | undefined>} undefined when the user closes the dialog */
export async function askForProof({ failure, signal }) {
  if (failure) return askAgain?.(failure);
  const { factors, recoveryCodesLeft } = await secondFactor.list();
  // A password changes no factor of a user who has one.
  if (factors.length === 0) return openDialog(['password'], signal);
  return openDialog(recoveryCodesLeft > 0 ? ['code', 'recoveryCode'] : ['code'], signal);
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
    const other = kinds.find((each) => each !== kind);
    const form = createForm({
      fields: [FIELDS[kind]()],
      submit: t('proof.submit'),
      fieldFor: (code) => (code.startsWith('INVALID_') ? { field: kind, text: t(WRONG[kind]) } : undefined),
      // Goes on until the dialog is closed, or the proof was wrong.
      onSubmit: (values) =>
        new Promise((_, reject) => {
          refuse = reject;
          answer(values);
        }),
    });
    body.replaceChildren(
      h('h2', { id: 'proof-title' }, t('proof.title')),
      h('p', { id: 'proof-text' }, t(`proof.${kind}`)),
      form,
      h(
        'div',
        { class: 'actions' },
        other ? button(t(USE[other]), () => show(other)) : '',
        button(t('cancel'), close),
      ),
    );
    form.querySelector('input')?.focus();
  }
}

/** @param {string} text @param {() => void} onclick */
function button(text, onclick) {
  return h('button', { type: 'button', class: 'button', onclick }, text);
}

/** @type {Record<Kind, () => import('./form-field.mjs').FieldOptions>} */
const FIELDS = {
  code: () => codeField('proof-code'),
  recoveryCode: () => recoveryCodeField('proof-recovery-code'),
  password: () => ({
    name: 'password',
    id: 'proof-password',
    label: t('password'),
    autocomplete: 'current-password',
  }),
};

const WRONG = /** @type {const} */ ({
  code: 'secondStep.wrong',
  recoveryCode: 'recoveryStep.wrong',
  password: 'password.wrong',
});

/** The button that changes to this kind. */
const USE = /** @type {const} */ ({
  code: 'secondStep.use',
  recoveryCode: 'recoveryStep.use',
  password: 'password',
});
