import type { Request } from 'express';
import type { RequestOrigin } from '../events/auth-event.js';
import { originOf } from '../http/request-origin.js';
import type { LocaleOf } from '../http/texts-for.js';
import type { Locale } from '../messages/messages.js';

/** Where a request came from, and in which language its mails are. Read before anything is awaited. */
export interface Asker {
  readonly origin: RequestOrigin;
  readonly locale: Locale;
  /** For its cookies: some proofs are good only in the browser that has asked for them. */
  readonly req: Request;
}

export function askerOf({ localeOf }: { readonly localeOf: LocaleOf }, req: Request): Asker {
  return { origin: originOf(req), locale: localeOf(req), req };
}
