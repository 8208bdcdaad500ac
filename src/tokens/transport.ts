/** How tokens are sent to the client: as cookies, or in the body of the answer. */
export type Transport = 'cookie' | 'body';
export const TRANSPORTS = ['cookie', 'body'] as const satisfies Transport[];

/** The tokens of a request: usually one of each. */
export interface PresentedTokens {
  refreshTokens: readonly string[];
  accessTokens: readonly string[];
}
