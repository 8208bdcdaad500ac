import type express from 'express';
import type { Request, Response } from 'express';
import { lru } from 'tiny-lru';
import { AUTH_FAILURES, AuthError, type AuthErrorCode, type FieldError } from '../errors.js';
import type { Catalogs } from '../messages/catalogs.js';
import type { Locale, Messages } from '../messages/messages.js';
import { errorText, fieldText } from '../messages/rule.js';
import { isNodeRequest } from './outside-express.js';

/** The texts for the answer to a request. Sets the headers that name the language and what it depends on. */
export type TextsFor = (req: Request, res: Response) => Messages;

export interface TextsConfig {
  /** Undefined: each request says which. */
  readonly locale: Locale | undefined;
  readonly catalogs: Catalogs;
}

/** The language of the answer to a request: the option `locale`, or else the one that `Accept-Language` prefers, or English. */
export type LocaleOf = (req: Request) => Locale;

export function createLocaleOf({ locale, catalogs }: TextsConfig): LocaleOf {
  const negotiate = createNegotiation(catalogs);
  return (req) => locale ?? negotiate(req);
}

/** For answers in the language of their requests. */
export function createTextsFor({ locale, catalogs }: TextsConfig, localeOf: LocaleOf): TextsFor {
  return function textsFor(req, res) {
    if (locale === undefined) varyByLanguage(res);
    const chosen = localeOf(req);
    res.setHeader('Content-Language', chosen);
    return catalogs.get(chosen) as Messages;
  };
}

/** The text of an error in the language of the request; undefined for a code that there is not. */
export interface TextOf {
  (error: AuthError | FieldError, req: Request): string;
  (code: unknown, req: Request): string | undefined;
}

/** The page in the app's own language is the app's: this says only what the text depends on. */
export function createTextOf({ locale, catalogs }: TextsConfig, localeOf: LocaleOf): TextOf {
  return function textOf(what: unknown, req: Request) {
    if (locale === undefined) assertIsRequest(req);
    if (locale === undefined && req.res && !req.res.headersSent) varyByLanguage(req.res);
    const texts = catalogs.get(localeOf(req)) as Messages;
    if (what instanceof AuthError) return errorText(what, texts);
    if (isFieldError(what)) return fieldText(what, texts);
    return isCode(what) ? texts[what] : undefined;
  } as TextOf;
}

/** @throws TypeError: JavaScript has no types, and `textOf(error)` reads as if it were enough */
function assertIsRequest(req: Request | undefined): void {
  if (isNodeRequest(req)) return;
  throw new TypeError(
    'textOf() needs the request as its second argument, because its language decides: auth.textOf(error, req)',
  );
}

function isFieldError(what: unknown): what is FieldError {
  const { path, message } = (what ?? {}) as Partial<Record<string, unknown>>;
  return typeof path === 'string' && typeof message === 'string';
}

function isCode(what: unknown): what is AuthErrorCode {
  return typeof what === 'string' && Object.hasOwn(AUTH_FAILURES, what);
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

/**
 * Express's function only reads a header. A request that never passed through Express doesn't have it. Express is loaded here, because
 * a service that only verifies tokens may be built on something else.
 */
function acceptedLanguages(req: Request, locales: Locale[]): string | false {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { request } = require('express') as typeof express;
  return Object.assign(Object.create(request) as Request, { headers: req.headers }).acceptsLanguages(locales);
}
