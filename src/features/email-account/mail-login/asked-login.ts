import type { ShownSecrets } from '../../../http/browser-secret.js';
import { isBrowser } from '../../../http/is-browser.js';
import type { OneTimeToken } from '../../../stores/one-time-token-store.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import type { Transport } from '../../../tokens/transport.js';
import { digestOf } from '../../../utils/digest.js';
import { usernameKey } from '../../../utils/username.js';
import { dataOf } from '../one-time-links.js';
import type { EmailServices } from '../services.js';

/** A request for a mail to log in with. */
export interface LoginRequest {
  address: string;
  remember: boolean;
  transport: Transport;
  /** Known only to the browser, or the client, that asked. */
  secret: string;
}

/** What is kept with the token. */
export interface LoginData {
  /** The digest of the secret. */
  browser: string;
  /** The address of the mail. Reading the mail proves this address only. */
  to: string;
  remember: boolean;
  transport: Transport;
}

/** A login that its mail has proved. */
export interface ProvedLogin extends Pick<LoginData, 'remember' | 'transport'> {
  user: StoredUser;
}

/** @returns what is kept with the token, and its slot. Each browser has a slot, so logins of several browsers wait side by side */
export function keptWithToken(
  { remember, transport, secret }: LoginRequest,
  { username }: StoredUser,
): { slot: string; data: LoginData } {
  const browser = digestOf(secret);
  return { slot: browser, data: { browser, to: username, remember, transport } };
}

/**
 * The login that a token was made for. Reads only, so a refusal spends nothing.
 * @returns undefined in another browser, for another transport, and when the user is gone or has another address now
 */
export async function loginOf(
  { config }: EmailServices,
  token: OneTimeToken,
  { transport, secrets }: ShownSecrets,
): Promise<ProvedLogin | undefined> {
  const { browser, to = '', remember = false, ...data } = dataOf<LoginData>(token);
  if (data.transport !== transport || !isBrowser(secrets, browser)) return undefined;
  const user = activeUser(await config.users.findById(token.subject));
  if (!user || usernameKey(user.username) !== usernameKey(to)) return undefined;
  return { user, remember, transport };
}
