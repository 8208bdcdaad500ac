import type { GuardedFetch } from './guarded-fetch.js';
import type { CreateRenewingPost } from './renewing-post.js';
import type { Session } from './session.js';

/** Adds something to every request of a client. */
export interface FetchWrapper {
  /** @param createRenewingPost handed over, so that what wraps the client has no second copy of it */
  around(session: Session, send: GuardedFetch, createRenewingPost: CreateRenewingPost): GuardedFetch;
}
