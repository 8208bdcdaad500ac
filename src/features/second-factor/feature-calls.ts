import type { RequestHandler } from 'express';
import type { FormOptions } from '../../controllers/form-handler.js';
import type { Feature } from '../feature.js';

/** What `secondFactor` returns: put it into the option `features`. */
export interface SecondFactor extends Feature {
  /**
   * For the second step of a login in a form without a script (`code` or `recoveryCode`, and a box `trustDevice`): takes what the form
   * posts, with the checks and limits of POST /login/second-factor, and answers with both cookies and a redirect. Call it after
   * `createAuth`. `redirectTo` is `'/'` by default.
   * @throws TypeError that names the option and the cure; before `createAuth`
   */
  secondStep(options?: FormOptions): RequestHandler;
  /**
   * Takes away every second factor of a user, the recovery codes and the trusted devices, and ends all sessions: for a user who has lost
   * them all, once you are sure who is asking. The next login asks for the password only. Where there is `emailAccount`, it mails the user.
   * @param options `locale`: the language of the mail. Default: `'en'`
   * @throws TypeError before `createAuth`, for an unknown user and for an unknown option
   * @throws AuthError SERVICE_UNAVAILABLE. Call it again then: it finishes what was begun
   */
  resetFactors(userId: string, options?: { locale?: string | undefined }): Promise<FactorReset>;
}

/** What `resetFactors` has ended. */
export interface FactorReset {
  /** The ids of the second factors that are gone. */
  factorIds: string[];
  /** The ids of the sessions that have ended. */
  sessionIds: string[];
}
