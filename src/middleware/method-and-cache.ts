import type { RequestHandler, Response } from 'express';

/** No cache may keep tokens, or whom they belong to (RFC 6749 §5.1). */
export const noStore: RequestHandler = function noStore(_req, res, next) {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** Overrides what the page says about caching: no cache may keep an answer that sets our cookies (RFC 6749 §5.1). */
export function forbidCaching(res: Response): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
  res.writeHead = (...args: unknown[]) => {
    res.setHeader('Cache-Control', 'no-store');
    return writeHead(...args.map(withoutCacheControl));
  };
}

/** Headers passed to `writeHead`, in any form that Node takes, would override those set before. */
function withoutCacheControl(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return headers;
  // A list alternates names and values.
  if (Array.isArray(headers))
    return headers.filter((_, index) => !isCacheControl(headers[index - (index % 2)]));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isCacheControl(name)));
}

function isCacheControl(name: unknown): boolean {
  return String(name).toLowerCase() === 'cache-control';
}

/** Express hands HEAD to the handler of GET, and a HEAD must never act (RFC 9110 §9.2.1). */
export const refuseHead: RequestHandler = function refuseHead(req, res, next) {
  if (req.method === 'HEAD') res.set('Allow', 'GET, POST').status(405).end();
  else next();
};
