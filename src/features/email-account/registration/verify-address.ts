import type { Request } from 'express';
import { AuthError, isAuthError } from '../../../errors.js';
import type { RequestOrigin } from '../../../events/auth-event.js';
import { assertMaySetCookies } from '../../../http/cookies.js';
import { replacedTokens } from '../../../http/replaced-tokens.js';
import type { IssuedTokens } from '../../../sessions/issue-tokens.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import type { Transport } from '../../../tokens/transport.js';
import { digestOf } from '../../../utils/digest.js';
import { tokenRefused, type EmailServices } from '../services.js';
import type { WaitingRegistration } from './waiting-registrations.js';

export interface Verification {
  readonly token: string;
  readonly password?: string | undefined;
}

export interface VerifyingRequest {
  readonly req: Request;
  /** Read before anything is awaited. */
  readonly origin: RequestOrigin;
  /** Secrets of the browser. */
  readonly secrets: readonly string[];
}

export interface VerifiedLogin {
  readonly issued: IssuedTokens;
  readonly transport: Transport;
}

const PURPOSE = 'email-verification';

/**
 * Creates the account whose address the token proves, and logs in. The mailbox proves the address; the browser, or the password, proves
 * who registered. So someone who registers the address of another person gets nothing when that person opens the link.
 *
 * The token is taken when the session exists. So what an outage or a killed process has left, the same request again finishes. Of
 * parallel requests one takes it, and the sessions of the others end.
 * @throws AuthError ONE_TIME_TOKEN_INVALID, INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE
 */
export async function verifyAddress(
  services: EmailServices,
  { token, password }: Verification,
  by: VerifyingRequest,
): Promise<VerifiedLogin> {
  const { links, waiting } = services;
  const found = await links.find(PURPOSE, token);
  const registration = found && waiting.inToken(found);
  if (!registration) throw tokenRefused(services, PURPOSE, by.origin);
  // Before the password is read: a page of another site must learn nothing about it.
  if (registration.transport === 'cookie') assertMaySetCookies(by.req);
  if (!by.secrets.some((secret) => digestOf(secret) === registration.browser))
    await provePassword(services, registration, password, by.origin);
  const user = await createAccount(services, registration, by.origin);
  await services.proofs.prove(user);
  return logIn(services, user, { ...registration, token }, by);
}

/** As a login with a wrong password: alike for a missing one, and within the limits on logins by that name. */
function provePassword(
  { events, limits, passwords }: EmailServices,
  { address, passwordHash }: WaitingRegistration,
  password: string | undefined,
  origin: RequestOrigin,
): Promise<void> {
  return limits.login(origin, address, async () => {
    const { matches } = await passwords.verify(password ?? '', passwordHash, origin);
    if (matches && password !== undefined) return;
    events.announce('loginFailed', () => ({
      username: address,
      userId: undefined,
      reason: 'wrong-password',
      ...origin,
    }));
    throw new AuthError('INVALID_CREDENTIALS');
  });
}

/** @returns the new user, or the one that the same registration has become before: no two hashes have the same salt */
async function createAccount(
  services: EmailServices,
  { address, passwordHash }: WaitingRegistration,
  origin: RequestOrigin,
): Promise<StoredUser> {
  const { config, events, reserved } = services;
  if (await reserved.isReserved(address)) throw tokenRefused(services, PURPOSE, origin);
  try {
    const user = await config.users.create({ username: address, passwordHash });
    events.announce('registered', () => ({ userId: user.id, username: user.username, ...origin }));
    return user;
  } catch (error) {
    if (!isAuthError(error, 'USERNAME_TAKEN')) throw error;
    const user = activeUser(await config.users.findByUsername(address));
    if (user?.passwordHash === passwordHash) return user;
    throw tokenRefused(services, PURPOSE, origin);
  }
}

async function logIn(
  services: EmailServices,
  user: StoredUser,
  { token, transport, remember, address }: WaitingRegistration & { token: string },
  { req, origin }: VerifyingRequest,
): Promise<VerifiedLogin> {
  const { config, events, links, sessions, waiting } = services;
  const spend = async (): Promise<boolean> => {
    if (!(await links.take(PURPOSE, token))) return false;
    events.announce('emailVerified', () => ({ userId: user.id, ...origin }));
    // What stays is good for nothing: the address is taken.
    await waiting.endAll(address).catch(() => undefined);
    return true;
  };
  const replaced = replacedTokens(req, transport, config.cookies);
  const issued = await sessions
    .start(user, { origin, remember, transport, replaced })
    .catch(async (error: unknown) => {
      // The login is refused, as for lack of a second factor. The address is proved all the same.
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
