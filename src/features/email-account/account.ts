import type { Feature } from '../feature.js';

/** What `emailAccount` returns: put it into the option `features`. */
export interface EmailAccount extends Feature {
  /**
   * Sends a user a link to choose a password, for server code: an admin page, or an account that was made for someone. It ends the
   * link that the user was sent before.
   * @param options the language of the mail. Default: `'en'`
   * @throws TypeError before `createAuth`, for an unknown or disabled user, and for one whose username is no e-mail address, and for
   * an unknown option; AuthError `SERVICE_UNAVAILABLE`
   */
  sendReset(userId: string, options?: { locale?: string | undefined }): Promise<void>;
  /**
   * Makes the link of such a mail and sends nothing, for support that hands it over in another way. Whoever has the link can take
   * over the account: see that it is the user.
   * @throws as `sendReset`
   */
  createResetLink(userId: string): Promise<{ url: string; expiresAt: Date }>;
  /**
   * Marks the user's address as proved, where you know it from elsewhere. Without `verification: 'later'` every address is.
   * @throws as `sendReset`
   */
  markVerified(userId: string): Promise<void>;
}
