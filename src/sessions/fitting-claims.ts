import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import type { AppClaims } from '../tokens/app-claims.js';
import type { Transport } from '../tokens/transport.js';
import { askClaims } from './ask-claims.js';
import type { SessionConfig } from './session-config.js';
import type { TokenSize } from './token-size.js';

interface FittingClaimsServices {
  config: Pick<SessionConfig, 'appClaims'>;
  tokenSize: TokenSize;
}

/**
 * The app's claims for the next access token of a session, which fits with them where it has to go.
 * @returns undefined in an app without such claims
 * @throws what `askClaims` throws; TokenTooLongError
 */
export async function fittingClaims(
  { config, tokenSize }: FittingClaimsServices,
  user: StoredUser,
  session: Pick<Session, 'sessionId' | 'authTime' | 'amr'>,
  transport: Transport,
): Promise<AppClaims | undefined> {
  const appClaims = config.appClaims && (await askClaims(config.appClaims, user, session));
  tokenSize.assertTokenFits(user, session, transport, appClaims);
  return appClaims;
}
