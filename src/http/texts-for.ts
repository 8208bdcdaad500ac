import express, { type Request, type Response } from 'express';
import { lru } from 'tiny-lru';
import type { Catalogs } from '../messages/catalogs.js';
import type { Locale, Messages } from '../messages/messages.js';

/** The texts for the answer to a request. Sets the headers that name the language and what it depends on. */
export type TextsFor = (req: Request, res: Response) => Messages;

export interface TextsConfig {
  /** Undefined: each request says which. */
  readonly locale: Locale | undefined;
  readonly catalogs: Catalogs;
}

/** The language is the option `locale`; without it the one that `Accept-Language` prefers, or English. */
export function createTextsFor({ locale, catalogs }: TextsConfig): TextsFor {
  const negotiate = createNegotiation(catalogs);
  return function textsFor(req, res) {
    if (locale === undefined) varyByLanguage(res);
    const chosen = locale ?? negotiate(req);
    res.setHeader('Content-Language', chosen);
    return catalogs.get(chosen) as Messages;
  };
}

/** Express parses an existing `Vary`, which costs as much as a signature. Usually there is none. */
function varyByLanguage(res: Response): void {
  const vary = res.getHeader('Vary');
  if (vary === undefined) res.setHeader('Vary', 'Accept-Language');
  else if (typeof res.vary === 'function') res.vary('Accept-Language');
  else res.setHeader('Vary', `${String(vary)}, Accept-Language`);
}

/** Browsers send a tenth of this. To parse 10 kB would take milliseconds. */
const MAX_HEADER_LENGTH = 512;
/** Negotiation costs more than a guard, and the visitors of an app send few different headers. */
const REMEMBERED_HEADERS = 500;

function createNegotiation(catalogs: Catalogs): (req: Request) => Locale {
  const locales = [...catalogs.keys()];
  const remembered = lru<Locale>(REMEMBERED_HEADERS);
  return function negotiate(req) {
    const header = req.headers['accept-language'];
    if (header === undefined || header.length > MAX_HEADER_LENGTH) return 'en';
    const known = remembered.get(header);
    if (known !== undefined) return known;
    const chosen = acceptedLanguages(req, locales) || 'en';
    remembered.set(header, chosen);
    return chosen;
  };
}

/** Express's function needs no Express: it only reads a header. A request that never passed through Express doesn't have it. */
function acceptedLanguages(req: Request, locales: Locale[]): string | false {
  return Object.assign(Object.create(express.request) as Request, { headers: req.headers }).acceptsLanguages(
    locales,
  );
}
