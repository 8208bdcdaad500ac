import type { RequestHandler, Response } from 'express';

/** Tokens and who they belong to are nobody else's to keep (RFC 6749 §5.1). */
export const noStore: RequestHandler = function noStore(_req, res, next) {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** Whatever the page behind says of its caching: an answer with tokens is nobody else's to keep (RFC 6749 §5.1). */
export function forbidCaching(res: Response): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => Response;
  res.writeHead = (...args: unknown[]) => {
    res.setHeader('Cache-Control', 'no-store');
    return writeHead(...args);
  };
}

/** Express hands HEAD to the handler of GET, and a HEAD must never act (RFC 9110 §9.2.1). */
export const refuseHead: RequestHandler = function refuseHead(req, res, next) {
  if (req.method === 'HEAD') res.set('Allow', 'GET, POST').status(405).end();
  else next();
};
