import type { Request } from 'express';
import { ownHost } from './own-host.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The origins whose pages may call the app, besides its own. */
export interface SiteConfig {
  readonly trustedOrigins: { has(origin: string): boolean };
}

/**
 * A request that may change something. The handshake of a WebSocket is a GET, but it opens a connection that any page could act
 * and read through, because browsers let pages of every site open one.
 */
export function isUnsafe({ method, headers }: Request): boolean {
  return !SAFE_METHODS.has(method) || headers.upgrade !== undefined;
}

/** By Fetch Metadata where the browser sends it, else by `Origin`. Clients other than browsers send neither, and pass. */
export function isCrossSite(req: Request, trustedOrigins: SiteConfig['trustedOrigins']): boolean {
  const { origin, 'sec-fetch-site': fetchSite } = req.headers;
  if (origin !== undefined && trustedOrigins.has(origin)) return false;
  if (fetchSite !== undefined) return fetchSite !== 'same-origin' && fetchSite !== 'none';
  return origin !== undefined && origin !== ownOrigin(req);
}

/**
 * For a GET that acts. On plain HTTP, and in browsers from before 2023, an image or a link of another site comes with neither header.
 * `Referer` then has to name a page of the app.
 */
export function isFromOwnPage(req: Request, trustedOrigins: SiteConfig['trustedOrigins']): boolean {
  const { origin, referer, 'sec-fetch-site': fetchSite } = req.headers;
  if (origin !== undefined || fetchSite !== undefined) return !isCrossSite(req, trustedOrigins);
  if (referer === undefined || !URL.canParse(referer)) return false;
  const { protocol, host } = new URL(referer);
  const referring = `${protocol}//${host}`;
  return referring === ownOrigin(req) || trustedOrigins.has(referring);
}

/** The user opens a page of the app, from any site: not a script, frame, image or form of another site. */
export function isFollowedLink({ method, headers }: Request): boolean {
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}

/** The browser fetches ahead of a user who may never come, so the user has asked for nothing. */
export function isPrefetch({ headers }: Request): boolean {
  return PURPOSE_HEADERS.some(
    (name) => headers[name] !== undefined && /\bprefetch\b/i.test(String(headers[name])),
  );
}

const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-moz'];

/**
 * As the browser knows it: scheme and host come from the proxy's headers where the app trusts its proxy. Outside Express nothing
 * says whether it does.
 */
function ownOrigin(req: Request): string {
  if (!(req as Partial<Request>).app) {
    const { encrypted = false } = (req.socket ?? {}) as { encrypted?: boolean };
    return `http${encrypted ? 's' : ''}://${ownHost(req)}`;
  }
  return `${req.protocol}://${ownHost(req)}`;
}
