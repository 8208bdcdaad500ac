import { AuthError, isAuthError } from '../../../errors.js';
import type { ShownSecrets } from '../../../http/browser-secret.js';
import type { NamedLimit } from '../../../limits/attempt-limits.js';
import { digestOf } from '../../../utils/digest.js';
import { usernameKey } from '../../../utils/username.js';
import { isWithinLimit, type EmailAsker } from '../mail-requests.js';
import { recipientOf } from '../recipient-of.js';
import { tokenRefused, type EmailServices } from '../services.js';
import { keptWithToken, loginOf, type LoginRequest, type ProvedLogin } from './asked-login.js';

const MAX_WRONG_CODES = 3;

/**
 * For one mailbox, whatever the option `limits` says. Every code has its own tries, so only this bounds how often someone can guess:
 * 30 times an hour, one of a million codes each time.
 */
const MAX_CODES = 10;
const HOUR_SECONDS = 3600;

interface LoginCodeServices extends EmailServices {
  /** Counts wrong codes by the digest of the secret that came with them. */
  readonly tries: NamedLimit;
  /** Counts codes by their address. */
  readonly mailed: NamedLimit;
}

/** Call it once, because no two limits may have the same name. */
export function limitsOfCodes({
  limits,
  options,
}: Pick<EmailServices, 'limits' | 'options'>): Pick<LoginCodeServices, 'tries' | 'mailed'> {
  // The window begins with the first try. The code is older than that, so it ends before the window does.
  const windowSeconds = Math.ceil(options.loginLifetimeSeconds);
  return {
    tries: limits.named('login-code', { failures: MAX_WRONG_CODES, windowSeconds }),
    mailed: limits.named('login-code-mails', { attempts: MAX_CODES, windowSeconds: HOUR_SECONDS }),
  };
}

/** Sends a code that logs in. Neither the result nor an error tells whether the address has a user. */
export async function askLoginCode(
  services: LoginCodeServices,
  request: LoginRequest,
  asker: EmailAsker,
): Promise<void> {
  const { codes, events, mails } = services;
  const { address, secret } = request;
  const mayHaveCode = await isWithinLimit(() =>
    services.mailed.count(usernameKey(address), asker.origin, () => Promise.resolve()),
  );
  const { known, recipient } = await recipientOf(services, address, asker);
  if (recipient && mayHaveCode) {
    const code = await codes.create(recipient.id, secret, keptWithToken(request, recipient));
    mails.send({ kind: 'login-code', to: recipient.username, userId: recipient.id, ...code }, asker);
  } else await codes.pretend(address, secret);
  events.announce('loginCodeAsked', () => ({ userId: known?.id, ...asker.origin }));
}

/**
 * A wrong code costs one of the tries of the secret that came with it, and a request without a secret costs none.
 * @throws AuthError ONE_TIME_TOKEN_INVALID, also for a right code when the tries are used up
 */
export async function proveLoginCode(
  services: LoginCodeServices,
  typed: string,
  { transport, secrets }: ShownSecrets,
  { origin }: EmailAsker,
): Promise<ProvedLogin> {
  // Mail programs and people copy "123 456".
  const code = typed.replaceAll(/\s/g, '');
  for (const secret of secrets) {
    try {
      return await services.tries.count(digestOf(secret), origin, () =>
        judge(services, code, { transport, secrets: [secret] }),
      );
    } catch (error) {
      if (!isAuthError(error, 'INVALID_CREDENTIALS') && !isAuthError(error, 'TOO_MANY_ATTEMPTS')) throw error;
    }
  }
  throw tokenRefused(services, 'login-code', origin);
}

/** @throws AuthError INVALID_CREDENTIALS, which counts as a wrong guess */
async function judge(services: LoginCodeServices, code: string, shown: ShownSecrets): Promise<ProvedLogin> {
  const { codes } = services;
  const found = await codes.find(shown.secrets[0] as string, code);
  const login = found && (await loginOf(services, found, shown));
  if (login && (await codes.take(found))) return login;
  throw new AuthError('INVALID_CREDENTIALS');
}
