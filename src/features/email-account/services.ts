import { AuthError } from '../../errors.js';
import type { OneTimeTokenPurpose, RequestOrigin } from '../../events/auth-event.js';
import type { BrowserSecret } from '../../http/browser-secret.js';
import type { CredentialStore } from '../../stores/credential-store.js';
import type { FeatureContext } from '../feature.js';
import type { AddressProofs } from './address-proofs.js';
import type { LoginCodes } from './mail-login/login-codes.js';
import type { MailRequests } from './mail-requests.js';
import type { OneTimeLinks } from './one-time-links.js';
import type { EmailAccountConfig } from './options.js';
import type { WaitingRegistrations } from './registration/waiting-registrations.js';
import type { ReservedAddresses } from './reserved-addresses.js';

/** What all flows of this feature share. */
export interface EmailServices extends Omit<FeatureContext, 'credentials' | 'oneTimeTokens'> {
  readonly options: EmailAccountConfig;
  readonly credentials: CredentialStore;
  readonly links: OneTimeLinks;
  readonly codes: LoginCodes;
  readonly mails: MailRequests;
  readonly proofs: AddressProofs;
  readonly reserved: ReservedAddresses;
  readonly waiting: WaitingRegistrations;
  /** Shows later which browser has registered. */
  readonly browser: BrowserSecret;
}

/**
 * Announces that a token is refused: it is unknown, spent, replaced or expired, or its user is gone.
 * @returns what to throw: one error for all of these
 */
export function tokenRefused(
  { events }: Pick<EmailServices, 'events'>,
  purpose: OneTimeTokenPurpose,
  origin: RequestOrigin,
  userId?: string,
): AuthError {
  events.announce('oneTimeTokenRefused', () => ({ purpose, userId, ...origin }));
  return new AuthError('ONE_TIME_TOKEN_INVALID');
}
