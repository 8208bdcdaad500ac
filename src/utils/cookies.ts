import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';

export interface CookieConfig {
  readonly accessName: string;
  readonly refreshName: string;
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
  readonly path: string;
  /** As `cookieAttributes` writes them. */
  readonly attributes: string;
}

/** Both tokens and how long a browser should keep them; undefined: until it is closed. */
export interface TokenCookies {
  accessToken: string;
  refreshToken: string;
  accessMaxAgeSeconds: number | undefined;
  refreshMaxAgeSeconds: number | undefined;
}

/**
 * The cookie as text, or undefined when it is missing or empty. Read here when the app hasn't parsed them: a guard must not
 * set `req.cookies`, or the app's own cookie-parser would then skip its signed cookies.
 */
export function readCookie(req: Request, name: string): string | undefined {
  const parsed = req.cookies as Record<string, unknown> | undefined;
  const value = parsed ? parsed[name] : findCookie(req.headers.cookie, name);
  if (value === undefined || value === '') return undefined;
  // cookie-parser turns `j:{…}` into an object; no token looks like that.
  return typeof value === 'string' ? value : 'j:';
}

/** The first cookie of that name, as the package `cookie` reads it, which is left to decode just this one. */
function findCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const pair = header.slice(start, end);
    if (pair.slice(0, Math.max(pair.indexOf('='), 0)).trim() === name) return parseCookie(pair)[name];
    start = end + 1;
  }
  return undefined;
}

export function setTokenCookies(res: Response, tokens: TokenCookies, config: CookieConfig): void {
  const { accessToken, refreshToken, accessMaxAgeSeconds, refreshMaxAgeSeconds } = tokens;
  // Both at once: each `res.cookie` would read and write the header anew.
  res.appendHeader('Set-Cookie', [
    setCookie(config.accessName, accessToken, accessMaxAgeSeconds, config),
    setCookie(config.refreshName, refreshToken, refreshMaxAgeSeconds, config),
  ]);
}

/** A token is letters, digits, `-`, `_` and dots, of which a cookie needs none encoded. */
function setCookie(
  name: string,
  token: string,
  maxAgeSeconds: number | undefined,
  { attributes }: CookieConfig,
): string {
  const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${token}${maxAge}${attributes}`;
}

export function clearTokenCookies(res: Response, config: CookieConfig): void {
  res.clearCookie(config.accessName, attributesOf(config));
  res.clearCookie(config.refreshName, attributesOf(config));
}

/** What follows each cookie but its age, written once: `; Path=/; HttpOnly; Secure; SameSite=Strict`. */
export function cookieAttributes(config: Omit<CookieConfig, 'attributes'>): string {
  const [name, value] = ['name', ''];
  return stringifySetCookie({ name, value, ...attributesOf(config) }).slice(`${name}=`.length);
}

function attributesOf({ secure, sameSite, path, domain }: Omit<CookieConfig, 'attributes'>) {
  return { httpOnly: true, secure, sameSite, path, ...(domain !== undefined && { domain }) };
}
