import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import { readAppClaims, type AppClaims } from '../tokens/app-claims.js';
import { answerInTime } from './answer-in-time.js';

/** Whose claims are asked for: the stored user, without the password hash. A frozen copy. */
export type ClaimsUser = Readonly<Omit<StoredUser, 'passwordHash' | 'roles'>> & {
  readonly roles: readonly string[];
};

/** The session whose access token gets the claims. A frozen copy. */
export interface ClaimsSession {
  readonly sessionId: string;
  /** When the user proved who they are. */
  readonly authTime: Date;
  /** How the user proved it, if the login said so (RFC 8176). */
  readonly amr?: readonly string[] | undefined;
}

/** The option `accessToken.claims`, whatever types the app has registered. */
export type ClaimsSource = (user: ClaimsUser, session: ClaimsSession) => unknown;

/** What an app's function gets of a user. */
export function askedAbout({ passwordHash: _secret, ...user }: StoredUser): ClaimsUser {
  return Object.freeze({ ...user, roles: Object.freeze([...user.roles]) });
}

/**
 * Asks the app for the further claims of an access token.
 * @throws AuthError SERVICE_UNAVAILABLE if the app's function fails, or takes longer than a second
 * @throws TypeError that names the claim and the cure, for what no token can carry
 */
export async function askClaims(
  source: ClaimsSource,
  user: StoredUser,
  { sessionId, authTime, amr }: Pick<Session, 'sessionId' | 'authTime' | 'amr'>,
): Promise<AppClaims> {
  const session = { sessionId, authTime: new Date(authTime), ...(amr && { amr: Object.freeze([...amr]) }) };
  return readAppClaims(
    await answerInTime('accessToken.claims', () => source(askedAbout(user), Object.freeze(session))),
  );
}
