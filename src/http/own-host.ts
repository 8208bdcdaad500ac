import type { Request } from 'express';

/**
 * Host and port as the browser knows them, in lower case: from the proxy's header where the app trusts its proxy. Outside Express
 * nothing says whether it does.
 */
export function ownHost(req: Request): string {
  return String(forwardedHost(req) || req.headers.host || req.headers[':authority']).toLowerCase();
}

function forwardedHost(req: Request): string | undefined {
  if (!(req as Partial<Request>).app) return undefined;
  const trustsProxy = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  if (!trustsProxy(req.socket.remoteAddress, 0)) return undefined;
  return req.get('x-forwarded-host')?.split(',')[0]?.trim();
}
