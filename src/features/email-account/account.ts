import type { Feature } from '../feature.js';

/** What `emailAccount` returns: put it into the option `features`. */
export interface EmailAccount extends Feature {
  /**
   * Sends a user a link to choose a password, for server code: an admin page, or an account that you made for someone. The link that
   * the user was sent before stops working.
   * @param options `locale`: the language of the mail. Default: `'en'`
   * @throws TypeError before `createAuth`, for an unknown or disabled user, for one whose username is no e-mail address, and for an
   * unknown option
   * @throws AuthError SERVICE_UNAVAILABLE
   */
  sendReset(userId: string, options?: { locale?: string | undefined }): Promise<void>;
  /**
   * Makes the link of such a mail and sends nothing, for support that hands it over in another way. Anyone who has the link can take
   * over the account, so make sure that only the user gets it.
   * @throws as `sendReset`
   */
  createResetLink(userId: string): Promise<{ url: string; expiresAt: Date }>;
  /**
   * Marks the user's address as proved, if you know from elsewhere that it is the user's. Only `verification: 'later'` needs that:
   * without it every address counts as proved.
   * @throws as `sendReset`
   */
  markVerified(userId: string): Promise<void>;
}
