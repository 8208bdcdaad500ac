import { z } from 'zod';
import { component } from '../../http/component.js';
import { instant, recoveryCodes, shownName } from '../answer-parts.js';
import { lastUsedAtOf, type Passkey } from '../stored-passkeys.js';

/** A passkey as its user sees it. */
export function shownPasskey({ id, createdAt, data }: Passkey) {
  return { id, name: data.name, createdAt, lastUsedAt: lastUsedAtOf(data), backedUp: data.backedUp };
}

type Answers = ReturnType<typeof createAnswers>;

let made: Answers | undefined;

/** The schemas of this feature's answers, made at the first call: most processes never ask for the OpenAPI document. */
export function passkeyAnswers(): Answers {
  return (made ??= createAnswers());
}

const CHALLENGE = 'qZ3vT9qLr2Xc8bNwYh5uMf1eSd7gAj6oZk3vT9qLr2U';
const CREDENTIAL_ID = 'h8Gq0bX2cW5vRkYpTtA3Zg';

function createAnswers() {
  const challenge = z.string().meta({ examples: [CHALLENGE] });
  const challengeId = z
    .string()
    .optional()
    .meta({ description: 'With `transport: "body"` only: send it back beside `credential`.' });
  const timeout = z.int().meta({ description: 'Milliseconds.', examples: [300_000] });
  const credentials = z.array(
    z.strictObject({
      type: z.literal('public-key'),
      id: z.string().meta({ examples: [CREDENTIAL_ID] }),
      transports: z.array(z.string()),
    }),
  );
  return {
    ...createPasskeyAnswers(),
    registrationOptions: component(
      'AuthPasskeyRegistrationOptions',
      z
        .strictObject({
          challenge,
          rp: z.strictObject({
            id: z.string().meta({ examples: ['example.com'] }),
            name: z.string().meta({ examples: ['Example'] }),
          }),
          user: z.strictObject({
            id: z.string().meta({ examples: [CHALLENGE] }),
            name: z.string().meta({ examples: ['ann'] }),
            displayName: z.string().meta({ examples: ['ann'] }),
          }),
          pubKeyCredParams: z.array(
            z.strictObject({ type: z.literal('public-key'), alg: z.int().meta({ examples: [-7] }) }),
          ),
          timeout,
          attestation: z.literal('none'),
          authenticatorSelection: z.strictObject({
            residentKey: z.literal('required'),
            requireResidentKey: z.literal(true),
            userVerification: z.literal('required'),
          }),
          excludeCredentials: credentials.meta({ description: 'The passkeys that the user has.' }),
          challengeId,
        })
        .meta({ description: 'For `PublicKeyCredential.parseCreationOptionsFromJSON()`.' }),
    ),
    loginOptions: component(
      'AuthPasskeyLoginOptions',
      z
        .strictObject({
          challenge,
          rpId: z.string().meta({ examples: ['example.com'] }),
          timeout,
          userVerification: z.literal('required'),
          allowCredentials: credentials.meta({
            description: 'Empty: the browser offers every passkey of this site.',
          }),
          challengeId,
        })
        .meta({ description: 'For `PublicKeyCredential.parseRequestOptionsFromJSON()`.' }),
    ),
  };
}

function createPasskeyAnswers() {
  const passkey = component(
    'AuthPasskey',
    z
      .strictObject({
        id: z.string().meta({ examples: [CREDENTIAL_ID] }),
        name: shownName('My phone'),
        createdAt: instant('The registration.'),
        lastUsedAt: instant('The last login with it.').nullable(),
        backedUp: z
          .boolean()
          .meta({ description: 'Whether it is on other devices too, or kept by a provider.' }),
      })
      .meta({ description: 'A way to log in without a password.' }),
  );
  return {
    list: component(
      'AuthListPasskeysResponse',
      z.strictObject({ passkeys: z.array(passkey).meta({ description: 'Oldest first.' }) }),
    ),
    renamed: component('AuthRenamePasskeyResponse', z.strictObject({ passkey })),
    registered: component(
      'AuthRegisterPasskeyResponse',
      z.strictObject({ passkey, recoveryCodes: recoveryCodes().optional() }),
    ),
  };
}
