import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { isBase64url } from '../credential-fields.js';
import type { NewPasskey } from '../stored-passkeys.js';
import type { PasskeysConfig } from './options.js';
import { isPlainAuthenticatorData, isPlainCbor } from './plain-cbor.js';
import type { WebAuthnLibrary } from './webauthn-library.js';

/** An answer whose signature is right. */
export interface Assertion {
  readonly counter: number;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

/** COSE: Ed25519, ES256, RS256. Every authenticator has one of them. */
export const ALGORITHMS = [-8, -7, -257];

/** What a credential store keeps as an id. Authenticators have far shorter ones. */
const MAX_ID_LENGTH = 1024;
/** An authenticator sends far less. */
const MAX_DATA_LENGTH = 6000;
const MAX_TRANSPORTS = 8;

/** Reads and verifies what browsers return. Whatever is wrong with it, the result is undefined: nothing is told about it. */
export class WebAuthn {
  readonly #config: PasskeysConfig;
  readonly #library: WebAuthnLibrary;

  constructor(config: PasskeysConfig, library: WebAuthnLibrary) {
    this.#config = config;
    this.#library = library;
  }

  /** The challenge that the browser says it has answered. */
  challengeIn(credential: object): string | undefined {
    const { clientDataJSON } = responseOf(credential);
    if (typeof clientDataJSON !== 'string') return undefined;
    const data = parsed(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    // A page in a frame of another site could be made to look like that site.
    if (!data || data['crossOrigin'] === true || data['topOrigin'] !== undefined) return undefined;
    const { challenge } = data;
    return isBase64url(challenge) ? challenge : undefined;
  }

  async verifyRegistration(credential: object, challenge: string): Promise<NewPasskey | undefined> {
    const response = credential as RegistrationResponseJSON;
    const { attestationObject } = responseOf(credential);
    if (!isBase64url(attestationObject) || attestationObject.length > MAX_DATA_LENGTH) return undefined;
    const found = await orUndefined(async () =>
      this.#library.verifyRegistrationResponse({
        ...this.#expected(challenge),
        response: {
          ...response,
          response: { ...response.response, attestationObject: this.#withoutAttestation(attestationObject) },
        },
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    );
    if (!found?.verified) return undefined;
    const { credential: made, credentialDeviceType, credentialBackedUp } = found.registrationInfo;
    if (made.id !== response.id || made.id.length > MAX_ID_LENGTH) return undefined;
    return {
      id: made.id,
      publicKey: Buffer.from(made.publicKey).toString('base64url'),
      counter: made.counter,
      transports: transportsIn(made.transports),
      backupEligible: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    };
  }

  async verifyAssertion(
    credential: object,
    challenge: string,
    passkey: Pick<NewPasskey, 'id' | 'publicKey'>,
  ): Promise<Assertion | undefined> {
    const response = credential as AuthenticationResponseJSON;
    const { authenticatorData, signature } = responseOf(credential);
    if (!isBase64url(authenticatorData) || authenticatorData.length > MAX_DATA_LENGTH) return undefined;
    if (!isBase64url(signature) || !isPlainAuthenticatorData(bytesOf(authenticatorData))) return undefined;
    const found = await orUndefined(async () =>
      this.#library.verifyAuthenticationResponse({
        ...this.#expected(challenge),
        response,
        credential: {
          id: passkey.id,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
          // The library would judge it before the signature. This feature does it after.
          counter: 0,
        },
      }),
    );
    if (!found?.verified) return undefined;
    const { newCounter, credentialDeviceType, credentialBackedUp } = found.authenticationInfo;
    return {
      counter: newCounter,
      backupEligible: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    };
  }

  #expected(challenge: string) {
    const { origins, rpId } = this.#config;
    return {
      expectedChallenge: challenge,
      expectedOrigin: [...origins],
      expectedRPID: rpId,
      requireUserVerification: true,
    };
  }

  /**
   * No attestation is asked for, so what an authenticator says about its make is dropped unread. To verify it, the library would fetch
   * URLs that its certificates name.
   */
  #withoutAttestation(attestationObject: string): string {
    const { decodeAttestationObject, isoCBOR } = this.#library;
    const bytes = bytesOf(attestationObject);
    const authData: unknown = isPlainCbor(bytes) && decodeAttestationObject(bytes).get('authData');
    if (!(authData instanceof Uint8Array) || !isPlainAuthenticatorData(authData))
      throw new TypeError('No authenticator sends this');
    const none = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ]);
    return Buffer.from(isoCBOR.encode(none as never)).toString('base64url');
  }
}

function responseOf(credential: object): Record<string, unknown> {
  return (credential as { response: Record<string, unknown> }).response;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The library throws whatever is wrong with an answer. */
async function orUndefined<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify();
  } catch {
    return undefined;
  }
}

/** They come from the page, and are shown to it again. */
function transportsIn(given: unknown): string[] {
  if (!Array.isArray(given)) return [];
  const names = given.filter(
    (name): name is string => typeof name === 'string' && /^[a-z-]{1,32}$/.test(name),
  );
  return [...new Set(names)].slice(0, MAX_TRANSPORTS);
}
