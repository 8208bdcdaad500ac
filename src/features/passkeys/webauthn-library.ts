import type * as library from '@simplewebauthn/server';
import type * as helpers from '@simplewebauthn/server/helpers';

/** What this feature uses of `@simplewebauthn/server`. */
export interface WebAuthnLibrary {
  readonly verifyRegistrationResponse: typeof library.verifyRegistrationResponse;
  readonly verifyAuthenticationResponse: typeof library.verifyAuthenticationResponse;
  readonly decodeAttestationObject: typeof helpers.decodeAttestationObject;
  readonly isoCBOR: Pick<typeof helpers.isoCBOR, 'encode'>;
}

const NAME = '@simplewebauthn/server';

/** @throws TypeError that names the cure, if the optional peer dependency is not installed */
export function loadWebAuthn(load: (name: string) => unknown = require): WebAuthnLibrary {
  try {
    return {
      ...(load(NAME) as typeof library),
      ...(load(`${NAME}/helpers`) as typeof helpers),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw new TypeError(`passkeys() needs the package ${NAME}: npm install ${NAME}`, { cause: error });
  }
}
