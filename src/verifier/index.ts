export { createVerifier } from './create-verifier.js';
export type {
  Verifier,
  VerifierCheckOptions,
  VerifierGuardOptions,
  VerifierOptions,
  VerifierStore,
  VerifierVerify,
} from './verifier.js';
export type { Jwk, JwkSet } from '../tokens/jwk-set.js';
