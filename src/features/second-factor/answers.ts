import { z } from 'zod';
import { component } from '../../http/component.js';
import { instant, recoveryCodes, shownName } from '../answer-parts.js';

type Answers = ReturnType<typeof createAnswers>;

let made: Answers | undefined;

/** The schemas of this feature's answers, made at the first call: most processes never ask for the OpenAPI document. */
export function factorAnswers(): Answers {
  return (made ??= createAnswers());
}

function createAnswers() {
  const id = z.string().meta({ examples: ['pT4h0nVq3mJ8cY1sKxW2Zg'] });
  const factor = component(
    'AuthFactor',
    z
      .strictObject({
        id,
        kind: z.enum(['totp', 'passkey']),
        name: shownName('My phone'),
        createdAt: instant('The enrolment.'),
        lastUsedAt: instant('The last login with it.').nullable(),
      })
      .meta({ description: 'A second factor.' }),
  );
  return {
    list: component(
      'AuthListFactorsResponse',
      z.strictObject({
        factors: z.array(factor).meta({ description: 'Oldest first.' }),
        recoveryCodesLeft: z
          .int()
          .min(0)
          .meta({ examples: [9] }),
      }),
    ),
    startTotp: component(
      'AuthTotpEnrolmentResponse',
      z.strictObject({
        id,
        secret: z
          .string()
          .meta({ description: 'In Base32, to type it.', examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'] }),
        uri: z.string().meta({
          description: 'The same for a QR code.',
          examples: ['otpauth://totp/App:ann?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=App'],
        }),
      }),
    ),
    confirmTotp: component(
      'AuthTotpConfirmResponse',
      z.strictObject({ recoveryCodes: recoveryCodes().optional() }),
    ),
    renewRecoveryCodes: component(
      'AuthRecoveryCodesResponse',
      z.strictObject({ recoveryCodes: recoveryCodes() }),
    ),
  };
}
