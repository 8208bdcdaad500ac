import type { CookieConfig } from '../http/cookies.js';
import type { Operation } from '../http/operation.js';

type Requirement = Record<string, []>;

const ACCESS: Requirement[] = [{ accessBearer: [] }, { accessCookie: [] }];
/** For a request without the header or the cookie: its token may be in the body, or it may have none. */
const NOTHING: Requirement = {};

/** What a request of each kind needs: any one of the listed requirements is enough. */
export const SECURITY: Record<Operation['needs'], Requirement[]> = {
  nothing: [],
  'access token': ACCESS,
  'refresh token': [{ refreshCookie: [] }, NOTHING],
  'any token': [{ refreshCookie: [] }, ...ACCESS, NOTHING],
};

export function securitySchemes({ accessName, refreshName }: CookieConfig, authScheme?: string) {
  const also = authScheme === undefined ? '' : ` The scheme \`${authScheme}\` does as well as \`Bearer\`.`;
  return {
    accessBearer: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: `The access token, for clients without cookies. It beats the cookie.${also}`,
    },
    accessCookie: {
      type: 'apiKey',
      in: 'cookie',
      name: accessName,
      description: 'The access token, as browsers send it.',
    },
    refreshCookie: {
      type: 'apiKey',
      in: 'cookie',
      name: refreshName,
      description: 'The refresh token, as browsers send it.',
    },
  };
}
