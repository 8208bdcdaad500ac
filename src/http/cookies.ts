import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { AuthError } from '../errors.js';
import { variantsOf } from './cookie-variants.js';

export interface CookieConfig {
  readonly accessName: string;
  readonly refreshName: string;
  /** What the names of flow states begin with. */
  readonly flowName: string;
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
  readonly path: string;
  /** As `cookieAttributes` writes them. */
  readonly attributes: string;
  /** Whether the text begins as tokens begin that this app signs: its header names one of our keys. Not a check of the token. */
  readonly isOurs: (token: string) => boolean;
}

type CookieNames = Pick<CookieConfig, 'accessName' | 'refreshName' | 'flowName'>;

type CookieFlags = Pick<CookieConfig, 'secure' | 'sameSite' | 'path' | 'domain'>;

/** Both tokens and how long a browser should keep them; undefined: until it is closed. */
export interface TokenCookies {
  accessToken: string;
  refreshToken: string;
  accessMaxAgeSeconds: number | undefined;
  refreshMaxAgeSeconds: number | undefined;
}

/**
 * Every cookie of that name, in the order in which the browser sent them, without empty ones. A browser sends two after the app's
 * `cookies.domain` or `cookies.path` has changed, or when a neighbour uses the same name. This reads the header, because parsers
 * keep only the first. A guard must not set `req.cookies`, or the app's own cookie-parser would skip its signed cookies.
 */
export function readCookies(req: Request, name: string): string[] {
  const sent = findCookies(req.headers.cookie, name);
  const parsed = req.cookies as Record<string, unknown> | undefined;
  const value = parsed ? parsed[name] : sent[0];
  if (value === undefined) return sent[0]?.startsWith(SIGNED) ? sent.slice(1) : [];
  // cookie-parser turns `j:{…}` into an object. No token looks like that.
  const text = typeof value === 'string' ? value : 'j:';
  if (text === '' || sent.includes(text)) return sent;
  // The app has put another one in place of what the browser sent first.
  return [text, ...sent.slice(1)];
}

/** cookie-parser takes such a cookie out of `req.cookies`. No token looks like that. */
const SIGNED = 's:';

/** So many cookies of one name are read. A browser sends two or three; more were made to keep the process busy with signatures. */
const MAX_COOKIES = 8;

/** The package `cookie` reads them, and decodes only these. */
function findCookies(header = '', name: string): string[] {
  const found: string[] = [];
  // Only the pairs that contain the name are taken apart.
  for (let at = header.indexOf(name); at !== -1 && found.length < MAX_COOKIES;) {
    const start = header.lastIndexOf(';', at) + 1;
    const semicolon = header.indexOf(';', at);
    const end = semicolon === -1 ? header.length : semicolon;
    const value = parseCookie(header.slice(start, end))[name];
    if (value) found.push(value);
    at = header.indexOf(name, end);
  }
  return found;
}

/** Whether the request has a cookie of ours, good or not. */
export function hasOurCookie(req: Request, { accessName, refreshName, flowName }: CookieNames): boolean {
  // The header too: cookie-parser takes a cookie that looks signed out of `req.cookies`, and with it the next one of that name.
  const names = [...namesOfCookies(req), ...Object.keys(parseCookie(req.headers.cookie ?? ''))];
  return names.some((name) => name === accessName || name === refreshName || name.startsWith(flowName));
}

/** Requests from another site that came without a cookie of ours, and must not get one. */
const withoutCookies = new WeakSet<Request>();

/** From here on no cookie of ours is set or cleared in the answer to this request. */
export function forbidCookies(req: Request): void {
  withoutCookies.add(req);
}

/** @throws AuthError CROSS_SITE_REQUEST */
export function assertMaySetCookies(req: Request): void {
  if (withoutCookies.has(req)) throw new AuthError('CROSS_SITE_REQUEST');
}

/** For code that reads the request later: replaces the cookie in the header, and among the cookies that the app has parsed. */
export function replaceCookie(req: Request, name: string, value: string): void {
  const others = (req.headers.cookie ?? '').split(';').filter((pair) => nameOf(pair) !== name);
  req.headers.cookie = [...others, ` ${name}=${value}`].join(';').trim();
  const parsed = req.cookies as Record<string, unknown> | undefined;
  if (parsed) parsed[name] = value;
}

function nameOf(pair: string): string {
  return pair.slice(0, Math.max(pair.indexOf('='), 0)).trim();
}

export function setTokenCookies(res: Response, tokens: TokenCookies, config: CookieConfig): void {
  const { accessToken, refreshToken, accessMaxAgeSeconds, refreshMaxAgeSeconds } = tokens;
  assertMaySetCookies(res.req);
  expireLeftovers(res, config);
  // Both at once: each `res.cookie` would read and write the header again.
  const cookies = [
    setCookie(config.accessName, accessToken, accessMaxAgeSeconds, config),
    setCookie(config.refreshName, refreshToken, refreshMaxAgeSeconds, config),
  ];
  // Node takes twice as long to append to a header as to set it, even where there is nothing to append to.
  if (res.hasHeader('Set-Cookie')) res.appendHeader('Set-Cookie', cookies);
  else res.setHeader('Set-Cookie', cookies);
}

/** The most that every browser keeps (RFC 6265 §6.1): name, value and attributes. A longer cookie is dropped without a word. */
const MAX_COOKIE_BYTES = 4096;
/** `; Max-Age=` and the 100 years that a lifetime may last. */
const MAX_AGE_LENGTH = 20;

/** The longest token that fits into the cookie of that name. */
export function longestToken(name: string, { attributes }: Pick<CookieConfig, 'attributes'>): number {
  return MAX_COOKIE_BYTES - `${name}=`.length - MAX_AGE_LENGTH - attributes.length;
}

/** A token consists of letters, digits, `-`, `_` and dots, which a cookie needs no encoding for. */
function setCookie(
  name: string,
  token: string,
  maxAgeSeconds: number | undefined,
  { attributes }: Pick<CookieConfig, 'attributes'>,
): string {
  const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${token}${maxAge}${attributes}`;
}

export function clearTokenCookies(res: Response, config: CookieConfig): void {
  if (withoutCookies.has(res.req)) return;
  expireLeftovers(res, config);
  clearCookie(res, config.accessName, config);
  clearCookie(res, config.refreshName, config);
}

/**
 * Expires the token cookies that the app set with another `domain` or `path` than now, where the request has brought a token of
 * ours twice. A neighbour's cookie of the same name stays. This comes before the cookies are set: a browser that takes a variant
 * for the cookie itself then keeps the later one.
 */
function expireLeftovers(res: Response, config: CookieConfig): void {
  const { req } = res;
  for (const name of [config.accessName, config.refreshName]) {
    if (!isRepeated(req.headers.cookie, name)) continue;
    if (readCookies(req, name).filter((token) => config.isOurs(token)).length < 2) continue;
    const secure = config.secure ? '; Secure' : '';
    for (const variant of variantsOf(req, name, config))
      res.appendHeader('Set-Cookie', `${name}=; Max-Age=0${variant}${secure}`);
  }
}

/** Whether a header may have two cookies of that name. Almost none has, and this costs less than to read and judge them. */
function isRepeated(header = '', name: string): boolean {
  const first = header.indexOf(name);
  return first !== -1 && header.indexOf(name, first + 1) !== -1;
}

/** Sets a cookie of ours that is no token. The value is base64url. */
export function appendCookie(
  res: Response,
  name: string,
  value: string,
  maxAgeSeconds: number,
  config: CookieFlags,
): void {
  // Node's own method: the response may be of no Express.
  res.appendHeader(
    'Set-Cookie',
    setCookie(name, value, maxAgeSeconds, { attributes: cookieAttributes(config) }),
  );
}

export function clearCookie(res: Response, name: string, config: CookieFlags): void {
  if (typeof res.clearCookie === 'function') res.clearCookie(name, attributesOf(config));
  else
    res.appendHeader(
      'Set-Cookie',
      `${name}=${cookieAttributes(config)}; Expires=${new Date(0).toUTCString()}`,
    );
}

/** In the order in which the browser sends them. */
export function namesOfCookies(req: Request): string[] {
  return Object.keys((req.cookies as object | undefined) ?? parseCookie(req.headers.cookie ?? ''));
}

/** What follows each cookie's value, except its age: `; Path=/; HttpOnly; Secure; SameSite=Strict`. Made once. */
export function cookieAttributes(config: CookieFlags): string {
  const [name, value] = ['name', ''];
  return stringifySetCookie({ name, value, ...attributesOf(config) }).slice(`${name}=`.length);
}

function attributesOf({ secure, sameSite, path, domain }: CookieFlags) {
  return { httpOnly: true, secure, sameSite, path, ...(domain !== undefined && { domain }) };
}
