import type { Request } from 'express';
import { isAuthError } from '../errors.js';
import type { FlowState, FlowStateOptions } from './flow-state.js';

type Stored = (error: unknown, handle?: string) => void;
type Verified = (error: unknown, kept?: unknown, appState?: unknown) => void;

/** What passport-oauth2 and passport-openidconnect ask of their option `store`; they count the parameters. */
export interface StateStore {
  /** @param kept the PKCE verifier of passport-oauth2, or the context of passport-openidconnect with its nonce */
  store(req: Request, kept: unknown, appState: unknown, meta: unknown, stored: Stored): void;
  verify(req: Request, handle: string, verified: Verified): void;
}

interface KeptState {
  kept?: unknown;
  appState?: unknown;
}

export function createStateStore(flowState: FlowState, options: FlowStateOptions | undefined): StateStore {
  return {
    store(req, kept, appState, _meta, stored) {
      let handle: string;
      try {
        handle = flowState.save(req, { kept, appState }, options);
      } catch (error) {
        stored(error);
        return;
      }
      stored(null, handle);
    },

    verify(req, handle, verified) {
      flowState.take<KeptState>(req, handle).then(
        ({ kept, appState }) => verified(null, revived(kept), appState),
        (error: unknown) => {
          // The user's to mend, by beginning again: Passport's failureRedirect, or 401.
          if (isAuthError(error, 'FLOW_STATE_INVALID')) verified(null, false, { message: error.message });
          else verified(error);
        },
      );
    },
  };
}

/** JSON has no dates, and passport-openidconnect reckons with the one it gave. Without PKCE nothing is kept, which is no failure. */
function revived(kept: unknown): unknown {
  if (typeof kept !== 'object' || kept === null) return kept ?? true;
  const { issued } = kept as { issued?: unknown };
  return typeof issued === 'string' ? { ...kept, issued: new Date(issued) } : kept;
}
