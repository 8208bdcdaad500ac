import type { Request } from 'express';
import { isAuthError } from '../errors.js';
import { originOf } from '../http/request-origin.js';
import { asError } from '../utils/as-error.js';
import { callCatching } from '../utils/call-catching.js';
import type { FlowStateOptions } from './flow-options.js';
import type { Refuse, SealedCookies } from './sealed-cookies.js';

type Stored = (error: unknown, handle?: string) => void;
type Verified = (error: unknown, kept?: unknown, appState?: unknown) => void;

/** The option `store` of passport-oauth2 and passport-openidconnect. They count the parameters of its functions. */
export interface StateStore {
  /** @param kept the PKCE verifier of passport-oauth2, or the context of passport-openidconnect with its nonce */
  store(req: Request, kept: unknown, appState: unknown, meta: unknown, stored: Stored): void;
  /** @param meta passport-openidconnect leaves it out; it compares issuer and audience of the ID token itself */
  verify(req: Request, handle: string, meta: unknown, verified?: Verified): void;
}

/** A member of its own: a handle of something that the app itself keeps is no state. */
interface KeptState {
  strategy?: { client?: unknown; kept?: unknown; appState?: unknown };
}

export function createStateStore(
  sealed: SealedCookies,
  options: FlowStateOptions = {},
  refuse: Refuse,
): StateStore {
  /** @throws AuthError FLOW_STATE_INVALID also for a login begun at another provider, which may be hostile (RFC 9700 §4.4) */
  async function takeFor(req: Request, handle: string, client: unknown) {
    const { purpose } = options;
    const origin = originOf(req);
    const { strategy } = await sealed.take<KeptState>(req, handle, purpose === undefined ? {} : { purpose });
    if (!strategy || (client !== undefined && strategy.client !== client))
      throw refuse('other-provider', origin);
    return strategy;
  }

  return {
    store(req, kept, appState, meta, stored) {
      let handle: string;
      try {
        handle = sealed.save(req, { strategy: { client: clientOf(meta), kept, appState } }, options);
      } catch (error) {
        stored(error);
        return;
      }
      stored(null, handle);
    },

    verify(req, handle, meta, last) {
      const verified = (last ?? meta) as Verified;
      takeFor(req, handle, last && clientOf(meta)).then(
        ({ kept, appState }) => callCatching(() => verified(null, revived(kept), appState), verified),
        (error: unknown) => {
          // The user can begin again: Passport's failureRedirect, or 401.
          const refused = isAuthError(error, 'FLOW_STATE_INVALID');
          callCatching(
            () => (refused ? verified(null, false, { message: error.message }) : verified(asError(error))),
            verified,
          );
        },
      );
    },
  };
}

/** Other members of `meta` may change from request to request. */
function clientOf(meta: unknown): unknown {
  return (meta as { clientID?: unknown } | undefined)?.clientID;
}

/** JSON has no dates, and passport-openidconnect needs the one it gave. Without PKCE nothing is kept, which is no failure. */
function revived(kept: unknown): unknown {
  if (typeof kept !== 'object' || kept === null) return kept ?? true;
  const { issued } = kept as { issued?: unknown };
  return typeof issued === 'string' ? { ...kept, issued: new Date(issued) } : kept;
}
