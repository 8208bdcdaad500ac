import type { Request } from 'express';

/** Host and port as the browser knows them: from the proxy's header where the app trusts its proxy. In lower case. */
export function ownHost(req: Request): string {
  const trustsProxy = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  const forwardedHost = trustsProxy(req.socket.remoteAddress, 0) ? req.get('x-forwarded-host') : undefined;
  return String(forwardedHost?.split(',')[0]?.trim() || req.headers.host).toLowerCase();
}
