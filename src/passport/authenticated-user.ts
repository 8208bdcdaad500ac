import type { AuthErrorCode } from '../errors.js';

/** `req.user` behind a guard. With `loadUser` the stored user's other members stand beside these. */
export interface AuthenticatedUser {
  id: string;
  roles: string[];
  sessionId: string;
  /** When the user proved who they are: the login, not the last refresh. */
  authTime: Date;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how Express's types are extended
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface User extends AuthenticatedUser {}
    interface AuthInfo {
      /** Why `guard({ optional: true })` let the request pass as anonymous. */
      code?: AuthErrorCode;
    }
  }
}
