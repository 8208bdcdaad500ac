import type { AppClaims } from '../tokens/app-claims.js';

/** The claims of an access token that the stored user doesn't show. */
export interface AskedClaims {
  readonly appClaims?: AppClaims | undefined;
  readonly emailVerified?: boolean | undefined;
  readonly enrol?: boolean | undefined;
}
