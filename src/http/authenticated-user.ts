import type { Request } from 'express';
import type { IncomingMessage } from 'node:http';
import { isDate } from 'node:util/types';
import type { AuthErrorCode } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';

/**
 * `req.user` behind a guard, read from the access token. With the option `accessToken.claims` it has `claims`, frozen, of the type
 * that the app has registered (`Register`). With `loadUser` it has the stored user's other members too.
 */
export interface AuthenticatedUser extends WithClaims {
  id: string;
  roles: string[];
  sessionId: string;
  /** When the user proved who they are: the login, not the last refresh. */
  authTime: Date;
  /** How they proved it, if the login said so: `completeLogin({ amr: ['pwd', 'otp'] })` (RFC 8176). */
  amr?: string[] | undefined;
  /** With the feature `emailAccount`: whether the user has proved the address. As it was at the login or the last refresh. */
  emailVerified?: boolean | undefined;
  /** With the feature `secondFactor`: the user must enrol one first. Only behind `guard({ beforeEnrolment: true })`. */
  enrol?: true | undefined;
}

/** `req.user` behind `guard({ loadUser: true })`: the stored user as it is now. */
export type LoadedUser = AuthenticatedUser & Omit<StoredUser, 'passwordHash'>;

/**
 * Where an app says how its types differ. If your app has an `Express.User` of its own, declare
 * `declare module 'passport-visa' { interface Register { ownExpressUser: true } }`, and call `userOf(req)` behind guards. With
 * `interface Register { claims: { tenant: string } }`, `accessToken.claims` must return that type, and the user behind a guard has it.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- apps add the members
export interface Register {}

/** What `accessToken.claims` returns: the type that the app has registered. */
export type RegisteredClaims = Register extends { claims: infer Claims extends object } ? Claims : object;

/** With `accessToken.claims`, the claims of the token, frozen. */
type WithClaims = Register extends { claims: infer Claims extends object }
  ? { claims: Claims }
  : { claims?: Record<string, unknown> };

type ExpressUser = Register extends { ownExpressUser: true } ? object : AuthenticatedUser;

/** What `userOf(req)` returns: `Express.User`, or `AuthenticatedUser` in an app that has an `Express.User` of its own. */
export type VerifiedUser = Register extends { ownExpressUser: true } ? AuthenticatedUser : Express.User;

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how Express's types are extended
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface User extends ExpressUser {}
    interface AuthInfo {
      /** Why `guard({ optional: true })` let the request pass as anonymous. */
      code?: AuthErrorCode;
      /** For `completeLogin`, from a strategy's `done(null, user, info)`: how the user has proved who they are. */
      amr?: readonly string[] | undefined;
      /** For `completeLogin`: when they did, where that was earlier than now. */
      authTime?: Date | undefined;
    }
  }
}

/**
 * The user behind a guard: `req.user`, but never undefined, and of this type whatever the app's types say. After `loadUser` write
 * `userOf<LoadedUser>(req)`. Takes the request of a WebSocket too, behind `auth.upgrade`.
 * @throws TypeError if no guard has verified the request, or an optional guard has let it pass as anonymous
 */
export function userOf<User extends AuthenticatedUser = VerifiedUser>(req: Request | IncomingMessage): User {
  const user = (req as Request).user as Partial<AuthenticatedUser> | undefined;
  if (typeof user?.sessionId === 'string' && isDate(user.authTime)) return user as User;
  throw new TypeError('userOf(req): no guard has verified a user; put auth.tokenVerify before this handler');
}
