import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';

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
}

type CookieFlags = Pick<CookieConfig, 'secure' | 'sameSite' | 'path' | 'domain'>;

/** Both tokens and how long a browser should keep them; undefined: until it is closed. */
export interface TokenCookies {
  accessToken: string;
  refreshToken: string;
  accessMaxAgeSeconds: number | undefined;
  refreshMaxAgeSeconds: number | undefined;
}

/**
 * The cookie as text; undefined when it is missing or empty. Where the app hasn't parsed the cookies, this reads the header: a
 * guard must not set `req.cookies`, or the app's own cookie-parser would skip its signed cookies.
 */
export function readCookie(req: Request, name: string): string | undefined {
  const parsed = req.cookies as Record<string, unknown> | undefined;
  const value = parsed ? parsed[name] : findCookie(req.headers.cookie, name);
  if (value === undefined || value === '') return undefined;
  // cookie-parser turns `j:{…}` into an object. No token looks like that.
  return typeof value === 'string' ? value : 'j:';
}

/** The first cookie of that name. The package `cookie` reads it, and decodes only this one. */
function findCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const pair = header.slice(start, end);
    // `trim()` strips more white space than browsers do: a neighbour's cookie must not get round `__Host-` that way.
    const value = nameOf(pair) === name ? parseCookie(pair)[name] : undefined;
    if (value !== undefined) return value;
    start = end + 1;
  }
  return undefined;
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
  // Both at once: each `res.cookie` would read and write the header again.
  res.appendHeader('Set-Cookie', [
    setCookie(config.accessName, accessToken, accessMaxAgeSeconds, config),
    setCookie(config.refreshName, refreshToken, refreshMaxAgeSeconds, config),
  ]);
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
  clearCookie(res, config.accessName, config);
  clearCookie(res, config.refreshName, config);
}

/** Sets a cookie of ours that is no token. The value is base64url. */
export function appendCookie(
  res: Response,
  name: string,
  value: string,
  maxAgeSeconds: number,
  config: CookieFlags,
): void {
  res.append('Set-Cookie', setCookie(name, value, maxAgeSeconds, { attributes: cookieAttributes(config) }));
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
