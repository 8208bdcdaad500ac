import type { Response } from 'express';
import type { Transport } from '../../../tokens/transport.js';
import type { Asker } from '../../asker.js';
import { assertRoom } from '../../factor-row.js';
import { nameOfEnroller } from '../../name-of-enroller.js';
import { ownUser } from '../../own-user.js';
import { bindToBrowser } from '../bind-to-browser.js';
import { passkeysIn } from '../../stored-passkeys.js';
import { CHALLENGE_SECONDS } from '../challenges.js';
import { descriptorsOf, type CredentialDescriptor } from '../credential-descriptor.js';
import type { PasskeyServices } from '../services.js';
import { userHandleOf } from '../user-handle.js';
import { ALGORITHMS } from '../webauthn.js';

/** For `PublicKeyCredential.parseCreationOptionsFromJSON`. */
export interface RegistrationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly pubKeyCredParams: readonly { readonly type: 'public-key'; readonly alg: number }[];
  readonly timeout: number;
  readonly attestation: 'none';
  readonly authenticatorSelection: {
    readonly residentKey: 'required';
    readonly requireResidentKey: true;
    readonly userVerification: 'required';
  };
  readonly excludeCredentials: readonly CredentialDescriptor[];
  readonly challengeId?: string;
}

/**
 * A challenge to register a passkey, for this session and this browser.
 * @throws AuthError ACCESS_TOKEN_INVALID for a user who is gone; TOO_MANY_FACTORS; CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE
 */
export async function registrationOptions(
  services: PasskeyServices,
  { id: userId, sessionId }: Express.User,
  transport: Transport,
  asker: Asker,
  res: Response,
): Promise<RegistrationOptions> {
  const { challenges, config, factorSets, options } = services;
  const { digest, handOver } = bindToBrowser(services, asker, transport);
  const user = await ownUser(config.users, userId);
  const data = { browser: digest, transport, userId, enroller: nameOfEnroller(user, sessionId) };
  await config.timeKnown();
  const set = await factorSets.deleteAbandoned(userId, config.now());
  assertRoom(set.factors);
  const challenge = await challenges.create('passkey-registration', data, userId);
  return {
    challenge,
    rp: { id: options.rpId, name: options.rpName },
    user: { id: userHandleOf(userId), name: user.username, displayName: user.username },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: CHALLENGE_SECONDS * 1000,
    attestation: 'none',
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    excludeCredentials: descriptorsOf(passkeysIn(set)),
    ...handOver(res),
  };
}
