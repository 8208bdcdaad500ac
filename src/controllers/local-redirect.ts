import type { Request, Response } from 'express';
import type { AuthConfig } from '../auth-config.js';

/** A browser reads `\` as `/`, and `//` begins another host. */
export function isLocalPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(value) && value.isWellFormed();
}

/**
 * Sends the browser on to a path of this app, `/` in place of anything else. To a page that another site has sent the browser to,
 * a login provider's for one, browsers keep back `SameSite=Strict` cookies through all redirects: the first page would find
 * nobody logged in. There a page of ours goes on by itself, and that request is our own site's.
 */
export function redirectLocally(
  req: Request,
  res: Response,
  path: unknown,
  { cookies }: Pick<AuthConfig, 'cookies'>,
): void {
  const target = isLocalPath(path) ? path : '/';
  if (cookies.sameSite !== 'strict' || req.headers['sec-fetch-site'] !== 'cross-site') {
    res.redirect(303, target);
    return;
  }
  const url = escapeHtml(target);
  res
    .set({ 'Content-Security-Policy': "default-src 'none'", 'Referrer-Policy': 'no-referrer' })
    .type('html')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}">` +
        `<title>Logged in</title><a href="${url}">Continue</a></html>`,
    );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
