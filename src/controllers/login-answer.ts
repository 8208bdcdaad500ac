import type { Answers } from '../http/answer-schemas.js';
import type { TokenBody } from '../http/token-response.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import { publicUser } from '../stores/public-user.js';

/** The JSON of a login. @param inBody what it says of the tokens, where they leave in the body */
export function loginAnswer(
  message: string,
  { user, enrol }: IssuedTokens,
  inBody: TokenBody | undefined,
): Answers['login'] {
  return { message, user: publicUser(user), ...(enrol && { enrol }), ...inBody };
}
