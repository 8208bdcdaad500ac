/** How tokens are sent to the client: as cookies, or in the body of the answer. */
export type Transport = 'cookie' | 'body';
export const TRANSPORTS = ['cookie', 'body'] as const satisfies Transport[];

/** The tokens of a request. One of them is enough to identify the session. */
export interface PresentedTokens {
  refreshToken: string | undefined;
  accessToken: string | undefined;
}
