import { verifyCredentials } from '../../../accounts/verify-credentials.js';
import { AuthError } from '../../../errors.js';
import { isBrowser } from '../../../http/is-browser.js';
import { newSecret } from '../../../http/new-secret.js';
import type { IssuedTokens } from '../../../sessions/issue-tokens.js';
import type { LoginDetails } from '../../../sessions/start-session.js';
import type { OneTimeToken } from '../../../stores/one-time-token-store.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import type { PresentedTokens, Transport } from '../../../tokens/transport.js';
import { usernameKey } from '../../../utils/username.js';
import type { EmailAsker } from '../mail-requests.js';
import { dataOf } from '../one-time-links.js';
import { tokenRefused, type EmailServices } from '../services.js';
import { proveRegistration } from './prove-registration.js';
import type { VerificationData } from './register-unproved.js';

/** The page that asked, and the mailbox (RFC 8176 §2). */
const MAIL = ['mca'] as const;

export interface Verification {
  readonly token: string;
  readonly password?: string | undefined;
  /** For a link that is opened in another client than the one that registered: the phone's browser in place of the app. */
  readonly transport?: Transport | undefined;
}

/** The browser, or the client, in which the link was opened. */
export interface Verifier extends Pick<EmailAsker, 'origin' | 'secrets'> {
  /**
   * Asked before the password is read: a page of another site must learn nothing about it.
   * @throws AuthError CROSS_SITE_REQUEST where the transport is cookies, and the answer may set none
   */
  readonly assertMayLogIn: (transport: Transport) => void;
  /** For a check that stops the login until the user has shown a second factor. */
  readonly request: NonNullable<LoginDetails['request']>;
  /** The tokens that the login replaces. */
  readonly replacedTokens: (transport: Transport) => PresentedTokens | undefined;
}

interface LoginToStart {
  readonly user: StoredUser;
  readonly transport: Transport;
  readonly remember: boolean;
  /** The subject whose other tokens end with this one. */
  readonly ends?: string;
}

export interface VerifiedLogin {
  readonly issued: IssuedTokens;
  readonly transport: Transport;
}

const PURPOSE = 'email-verification';

/**
 * Proves an address by the token of a mail, creates its account unless it exists, and logs in. The mailbox proves the address. The
 * browser, or the password, proves who registered. So someone who registers the address of another person gets nothing when that
 * person opens the link.
 *
 * The token is taken when the session exists: after an outage, or if the process was killed, the same request finishes the rest. Of
 * parallel requests one takes the token, and the sessions of the others end.
 * @throws AuthError ONE_TIME_TOKEN_INVALID, INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE
 */
export async function verifyAddress(
  services: EmailServices,
  verification: Verification,
  by: Verifier,
): Promise<VerifiedLogin> {
  const { token, password } = verification;
  const found = await services.links.find(PURPOSE, token);
  if (!found) throw tokenRefused(services, PURPOSE, by.origin);
  const registration = services.waiting.inToken(found);
  if (!registration) return logIn(services, await proveUser(services, found, verification, by), token, by);
  const { remember } = registration;
  const transport = isBrowser(by.secrets, registration.browser)
    ? registration.transport
    : (verification.transport ?? registration.transport);
  by.assertMayLogIn(transport);
  const user = await proveRegistration(services, registration, password, by);
  return logIn(services, { user, transport, remember, ends: found.subject }, token, by);
}

/** For an account that exists already. */
async function proveUser(
  services: EmailServices,
  found: OneTimeToken,
  { password, transport: asked }: Verification,
  { origin, secrets, assertMayLogIn }: Verifier,
): Promise<LoginToStart> {
  const { config, proofs } = services;
  const user = activeUser(await config.users.findById(found.subject));
  // The token proves the address that it was sent to.
  if (!user || dataOf<VerificationData>(found).address !== usernameKey(user.username))
    throw tokenRefused(services, PURPOSE, origin, user?.id);
  const registration = await proofs.registrationOf(user);
  const isItsBrowser = isBrowser(secrets, registration?.browser);
  const transport = (isItsBrowser ? undefined : asked) ?? registration?.transport ?? 'cookie';
  assertMayLogIn(transport);
  const proved = isItsBrowser
    ? user
    : await verifyCredentials(services, {
        username: user.username,
        // A missing password takes as long as a wrong one.
        password: password ?? newSecret(),
        origin,
      });
  if (proved.id !== user.id) throw tokenRefused(services, PURPOSE, origin, user.id);
  await proofs.prove(proved);
  return { user: proved, transport, remember: registration?.remember ?? false };
}

async function logIn(
  services: EmailServices,
  { user, transport, remember, ends }: LoginToStart,
  token: string,
  { origin, request, replacedTokens }: Verifier,
): Promise<VerifiedLogin> {
  const { events, links, sessions } = services;
  const spend = async (): Promise<boolean> => {
    if (!(await links.take(PURPOSE, token))) return false;
    events.announce('emailVerified', () => ({ userId: user.id, ...origin }));
    // Tokens that an outage leaves behind are worthless, because the address is taken now.
    if (ends !== undefined) await links.endAll(ends).catch(() => undefined);
    return true;
  };
  const replaced = replacedTokens(transport);
  const issued = await sessions
    .start(user, { origin, remember, transport, replaced, request, firstFactor: MAIL })
    .catch(async (error: unknown) => {
      // The login is refused, for lack of a second factor for instance. The address is proved nevertheless.
      if (error instanceof AuthError && error.status < 500) await spend();
      throw error;
    });
  const undo = () => sessions.revoke(user.id, issued.session.sessionId, 'new-login', origin);
  const isFirst = await spend().catch((error: unknown) => {
    undo().catch(() => undefined);
    throw error;
  });
  if (isFirst) return { issued, transport };
  await undo();
  throw tokenRefused(services, PURPOSE, origin, user.id);
}
