import type { Request, Response } from 'express';
import { lru } from 'tiny-lru';
import type { AuthConfig } from '../config/auth-config.js';
import type { Catalogs } from '../messages/catalogs.js';
import type { Locale, Messages } from '../messages/messages.js';

/** The texts to answer a request with. The headers of the answer say which language that is, and what it depends on. */
export type TextsFor = (req: Request, res: Response) => Messages;

/** The language is the one of the configuration, or else the one that `Accept-Language` likes best, or else English. */
export function createTextsFor({ locale, catalogs }: Pick<AuthConfig, 'locale' | 'catalogs'>): TextsFor {
  const negotiate = createNegotiation(catalogs);
  return function textsFor(req, res) {
    if (locale === undefined) varyByLanguage(res);
    const chosen = locale ?? negotiate(req);
    res.setHeader('Content-Language', chosen);
    return catalogs.get(chosen) as Messages;
  };
}

/** Express parses what is there, which costs as much as a signature; as a rule nothing is. */
function varyByLanguage(res: Response): void {
  if (res.hasHeader('Vary')) res.vary('Accept-Language');
  else res.setHeader('Vary', 'Accept-Language');
}

/** Browsers send a tenth of it. To judge 10 kB would take milliseconds. */
const MAX_HEADER_LENGTH = 512;
/** Negotiating costs more than a guard does, and the visitors of an app send few different headers. */
const REMEMBERED_HEADERS = 500;

function createNegotiation(catalogs: Catalogs): (req: Request) => Locale {
  const locales = [...catalogs.keys()];
  const remembered = lru<Locale>(REMEMBERED_HEADERS);
  return function negotiate(req) {
    const header = req.headers['accept-language'];
    if (header === undefined || header.length > MAX_HEADER_LENGTH) return 'en';
    const known = remembered.get(header);
    if (known !== undefined) return known;
    const chosen = req.acceptsLanguages(locales) || 'en';
    remembered.set(header, chosen);
    return chosen;
  };
}
