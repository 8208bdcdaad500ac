import { isIP } from 'node:net';
import type { Request } from 'express';
import { ownHost } from './own-host.js';

interface Place {
  readonly domain: string | undefined;
  readonly path: string;
}

/** So many places are tried in each direction: proxies limit the headers of an answer. */
const MAX_DOMAINS = 3;
const MAX_PATHS = 3;

/**
 * The other places where a browser may keep a cookie of that name which it sends with this request, as attributes. A browser says
 * the name of a cookie, but not its domain and path, which together with the name tell cookies apart.
 */
export function variantsOf(req: Request, name: string, current: Place): string[] {
  if (/^__host-/i.test(name)) return []; // has one place only
  const own = attributesOf({ ...current, domain: current.domain?.toLowerCase().replace(/^\./, '') });
  return domainsOf(ownHost(req))
    .flatMap((domain) => pathsOf(req).map((path) => attributesOf({ domain, path })))
    .filter((variant) => variant !== own);
}

/** None, which means the host only; the host; the domains above it. Browsers ignore those that are too high, such as `com`. */
function domainsOf(host: string): (string | undefined)[] {
  const name = host.replace(/:\d*$/, '');
  if (!/^[a-z0-9.-]+$/.test(name) || isIP(name) !== 0) return [undefined];
  const labels = name.split('.');
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
  return [undefined, ...domains.slice(-MAX_DOMAINS)];
}

/** `/`, and the folders above the request's path. */
function pathsOf({ originalUrl, url }: Request): string[] {
  const [path = ''] = ((originalUrl as string | undefined) ?? url).split(/[?;]/);
  const segments = path.split('/').slice(1, -1);
  const folders = segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`);
  return ['/', ...folders.filter((folder) => /^(\/[\w.~%-]+)+$/.test(folder)).slice(0, MAX_PATHS - 1)];
}

function attributesOf({ domain, path }: Place): string {
  return `; Path=${path}${domain === undefined ? '' : `; Domain=${domain}`}`;
}
