import type { Request, Response } from 'express';
import { z } from 'zod';
import type { CookieConfig } from './cookies.js';

/** A path of this app, or a function, async or not, that takes the request and returns one. */
export type RedirectTo = string | ((req: Request) => unknown);

const LOCAL_PATH = "must be a path of this app that begins with one '/'";
export const localPathSchema = z.string().refine(isLocalPath, LOCAL_PATH);
export const redirectToSchema = z.union(
  [localPathSchema, z.custom<(req: Request) => unknown>((value) => typeof value === 'function')],
  `${LOCAL_PATH}, or a function that finds one`,
);

/**
 * A browser reads `\` as `/`, and `//` starts the name of another host. Judged as browsers and proxies normalise it, because
 * `/.//evil.example` becomes `//evil.example`.
 */
export function isLocalPath(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\/(?!\/)[^\\\p{Cc}]*$/u.test(value) || !value.isWellFormed())
    return false;
  if (!URL.canParse(value, THIS_APP)) return false;
  const { origin, pathname } = new URL(value, THIS_APP);
  return origin === THIS_APP && !pathname.startsWith('//');
}

/** The path with these parameters in its query. A parameter that it has already stays. */
export function withQuery(path: string, parameters: Record<string, string | undefined>): string {
  const url = new URL(path, THIS_APP);
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && !url.searchParams.has(name)) url.searchParams.set(name, value);
  return url.pathname + url.search + url.hash;
}

/** Stands for the app's own origin, which a path doesn't depend on. */
const THIS_APP = 'http://this.app';

/** The path to send the browser to: `/` in place of anything that is no path of this app. */
export async function localPathOf(redirectTo: RedirectTo, req: Request): Promise<string> {
  const path = typeof redirectTo === 'string' ? redirectTo : await redirectTo(req);
  return isLocalPath(path) ? path : '/';
}

/**
 * Sends the browser on to a path of this app, or to `/` in place of anything else. After a page of another site, such as a
 * login provider's, browsers keep back `SameSite=Strict` cookies through all redirects, so the next page would see no login.
 * In that case a page of ours goes on by itself: that request comes from our own site.
 * @param title of that page
 */
export async function redirectLocally(
  req: Request,
  res: Response,
  redirectTo: RedirectTo,
  { sameSite }: Pick<CookieConfig, 'sameSite'>,
  title = 'Logged in',
): Promise<void> {
  const target = await localPathOf(redirectTo, req);
  if (sameSite !== 'strict' || req.headers['sec-fetch-site'] !== 'cross-site') {
    res.redirect(303, target);
    return;
  }
  const url = escapeHtml(target);
  res
    .set({ 'Content-Security-Policy': NOTHING_BUT_THE_PAGE, 'Referrer-Policy': 'no-referrer' })
    .type('html')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}">` +
        `<title>${title}</title><a href="${url}">Continue</a></html>`,
    );
}

/** `default-src` doesn't cover the last two. */
const NOTHING_BUT_THE_PAGE = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
