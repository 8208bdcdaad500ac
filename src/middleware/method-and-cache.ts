import type { RequestHandler } from 'express';

/** Tokens and who they belong to are nobody else's to keep (RFC 6749 §5.1). */
export const noStore: RequestHandler = function noStore(_req, res, next) {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** Express hands HEAD to the handler of GET, and a HEAD must never act (RFC 9110 §9.2.1). */
export const refuseHead: RequestHandler = function refuseHead(req, res, next) {
  if (req.method === 'HEAD') res.set('Allow', 'GET, POST').status(405).end();
  else next();
};
