import type { AuthErrorCode } from '../errors.js';

/** `req.user` behind a guard. With `loadUser` the stored user's other members stand beside these. */
export interface AuthenticatedUser {
  id: string;
  roles: string[];
  sessionId: string;
  /** When the user proved who they are: the login, not the last refresh. */
  authTime: Date;
  /** How they proved it, where the login said so: `completeLogin({ amr: ['pwd', 'otp'] })` (RFC 8176). */
  amr?: string[] | undefined;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how Express's types are extended
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface User extends AuthenticatedUser {}
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
