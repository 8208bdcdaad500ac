import { parse } from 'cookie';
import type { CookieOptions, Request, Response } from 'express';

export interface CookieConfig {
  readonly accessName: string;
  readonly refreshName: string;
  readonly secure: boolean;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly domain: string | undefined;
  readonly path: string;
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
    while (header.charCodeAt(start) === SPACE) start += 1;
    if (header.startsWith(name, start) && header.charCodeAt(start + name.length) === EQUALS)
      return parse(header.slice(start, end))[name];
    start = end + 1;
  }
  return undefined;
}

const SPACE = 0x20;
const EQUALS = 0x3d;

export function setTokenCookies(res: Response, tokens: TokenCookies, config: CookieConfig): void {
  res.cookie(config.accessName, tokens.accessToken, {
    ...attributes(config),
    ...maxAge(tokens.accessMaxAgeSeconds),
  });
  res.cookie(config.refreshName, tokens.refreshToken, {
    ...attributes(config),
    ...maxAge(tokens.refreshMaxAgeSeconds),
  });
}

export function clearTokenCookies(res: Response, config: CookieConfig): void {
  res.clearCookie(config.accessName, attributes(config));
  res.clearCookie(config.refreshName, attributes(config));
}

function attributes(config: CookieConfig): CookieOptions {
  return {
    httpOnly: true,
    secure: config.secure,
    sameSite: config.sameSite,
    path: config.path,
    ...(config.domain !== undefined && { domain: config.domain }),
  };
}

function maxAge(seconds: number | undefined): CookieOptions {
  return seconds === undefined ? {} : { maxAge: seconds * 1000 };
}
