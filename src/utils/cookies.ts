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
 * The cookie as text, or undefined when it is missing or empty. Parsed here when the app hasn't: a guard must not set
 * `req.cookies`, or the app's own cookie-parser would then skip its signed cookies.
 */
export function readCookie(req: Request, name: string): string | undefined {
  const cookies = (req.cookies as Record<string, unknown> | undefined) ?? parse(req.headers.cookie ?? '');
  const value = cookies[name];
  if (value === undefined || value === '') return undefined;
  // cookie-parser turns `j:{…}` into an object; no token looks like that.
  return typeof value === 'string' ? value : 'j:';
}

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
