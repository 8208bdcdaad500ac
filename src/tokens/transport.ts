/** How tokens leave: as cookies, or in the body of the answer. */
export type Transport = 'cookie' | 'body';
export const TRANSPORTS = ['cookie', 'body'] as const satisfies Transport[];

/** The tokens that a request brought. One of them is enough to name its session. */
export interface PresentedTokens {
  refreshToken: string | undefined;
  accessToken: string | undefined;
}
