import { z } from 'zod';
import { anObject, text } from '../../http/body-schemas.js';
import { rule } from '../../messages/rule.js';
import { challengeIdField, credentialField } from '../credential-fields.js';
import type { OtherFeatures } from '../feature.js';
import type { FactorAnswer } from './prove-factor.js';
import { readRecoveryCode } from './recovery-codes.js';

/** People copy "123 456". */
export const codeField = text
  .transform((typed, context) => {
    const code = typed.replaceAll(/\s/g, '');
    if (/^\d{6,8}$/.test(code)) return code;
    context.addIssue({ code: 'custom', message: rule('mustBeTotpCode') });
    return z.NEVER;
  })
  .meta({
    description: 'The digits that the authenticator app shows. White space in it is dropped.',
    examples: ['492 817'],
  });

const recoveryCodeField = text
  .transform((typed, context) => {
    const code = readRecoveryCode(typed);
    if (code !== undefined) return code;
    context.addIssue({ code: 'custom', message: rule('mustBeRecoveryCode') });
    return z.NEVER;
  })
  .meta({
    description: "One of the recovery codes. Case, white space and dashes don't matter.",
    examples: ['K7QXM-2VB4T-OJ5RW-6HNPA-3DYLC'],
  });

export const challengeField = z
  .string(rule('mustBeString'))
  .optional()
  .meta({
    description: 'What the first step of the login has answered, for clients without cookies.',
    examples: ['Zk3vT9qLr2Xc8bNwYh5uMf1eSd7gAj6o'],
  });

export const trustDeviceField = z.boolean(rule('mustBeBoolean')).optional().meta({
  description:
    'Whether this browser skips the second factor from now on. With a `challenge` it must not be true.',
});

/** The members of a body with a passkey, where there is that feature. */
function credentialFields({ others }: { readonly others: OtherFeatures }) {
  return others.names.has('passkeys') ? { challengeId: challengeIdField.optional() } : {};
}

/** The second factors that a body may have, of which it has one. */
function proofsOf({ others }: { readonly others: OtherFeatures }) {
  return {
    code: codeField.optional(),
    recoveryCode: recoveryCodeField.optional(),
    ...(others.names.has('passkeys') && { credential: credentialField.optional() }),
  };
}

/** The names of all members that belong to a proof. */
export function proofNames(services: { readonly others: OtherFeatures }): string[] {
  return Object.keys({ ...proofsOf(services), ...credentialFields(services) });
}

/**
 * A body with one second factor and these members.
 * @param instead members that are a proof in place of a second factor
 */
export function answerSchema<Shape extends z.core.$ZodLooseShape>(
  services: { readonly others: OtherFeatures },
  shape: Shape,
  instead: z.core.$ZodLooseShape = {},
) {
  const proofs = { ...instead, ...proofsOf(services) };
  return z
    .strictObject({ ...proofs, ...credentialFields(services), ...shape }, anObject)
    .superRefine((body, context) => {
      const names = Object.keys(proofs);
      const [first, ...others] = names.filter(
        (name) => (body as Record<string, unknown>)[name] !== undefined,
      );
      if (first === undefined)
        context.addIssue({ code: 'custom', message: rule('mustHaveOneOf', { fields: names.join(', ') }) });
      for (const other of others)
        context.addIssue({ code: 'custom', path: [other], message: rule('mustBeAlone') });
    });
}

/** What `answerSchema` has let pass. */
export interface AnswerBody {
  code?: string | undefined;
  recoveryCode?: string | undefined;
  credential?: object | undefined;
  challengeId?: string | undefined;
}

/** The second factor of such a body. */
export function answerOf({ code, recoveryCode, credential, challengeId }: AnswerBody): FactorAnswer {
  if (credential) return { credential, challengeId };
  return code === undefined ? { recoveryCode: recoveryCode as string } : { code };
}
