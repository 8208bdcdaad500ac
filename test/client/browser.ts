import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import {
  createAuthClient,
  type AuthClient,
  type AuthClientOptions,
  type StoredTokens,
} from '../../src/client';
import { createTestApp, PASSWORD, type TestOptions } from '../helpers/apps/app';
import { CookieJar } from '../helpers/browsers/cookie-jar';

export const ANN = { username: 'ann', password: PASSWORD };

/** Gets every request. It may answer in place of the server, or lose the answer. */
export type Network = (request: Request, send: () => Promise<Response>) => Promise<Response>;

export interface Site {
  readonly origin: string;
  /** The requests to an endpoint so far. */
  sentTo(path: string): Request[];
  /** Handles requests from now on. Default: sends them. */
  network: Network;
  /** Lets the access tokens expire. */
  expire(): void;
  /** A new browser: a `fetch` with its own cookie jar. */
  browser(): typeof fetch;
  /** A new tab: a client with a browser's cookies. */
  tab(fetch: typeof globalThis.fetch, options?: Partial<AuthClientOptions>): AuthClient;
  close(): Promise<void>;
}

/** A real app on its own port, with ann registered. */
export async function openSite(options: TestOptions = {}): Promise<Site> {
  let skewMs = 0;
  const { app, register } = createTestApp({ clock: () => Date.now() + skewMs, ...options }, (mounted) => {
    mounted.post('/echo', (req, res) => void req.pipe(res));
  });
  await register(ANN.username);
  return siteOf(app, () => void (skewMs += 31 * 60_000));
}

/** An app on its own port. @param expire lets its access tokens expire */
export async function siteOf(app: Express, expire: () => void): Promise<Site> {
  const server: Server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const requests: Request[] = [];
  const site: Site = {
    origin,
    sentTo: (path) => requests.filter(({ url }) => url === origin + path),
    network: (_request, send) => send(),
    expire,
    browser: () => browserOf(requests, site),
    tab: (fetch, more) => createAuthClient({ baseUrl: `${origin}/auth`, fetch, ...more }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return site;
}

function browserOf(requests: Request[], site: Site): typeof fetch {
  const jar = new CookieJar();
  return async (input, init) => {
    const request = new Request(input, init);
    requests.push(request.clone());
    if (request.credentials === 'include') request.headers.set('cookie', String(jar));
    return site.network(request, async () => {
      const response = await fetch(request);
      jar.keep(response);
      return response;
    });
  };
}

/** Loses the first answer to a path: the server gets the request, but the browser gets no answer and no cookies. */
export function losing(path: string): Network {
  let lost = false;
  return async (request, send) => {
    if (lost || !request.url.endsWith(path)) return send();
    lost = true;
    await fetch(request);
    throw new TypeError('the connection broke off');
  };
}

/** Installs the globals that the tabs of one browser share: storage and locks. */
export function installBrowserGlobals(): BrowserGlobals {
  const items = new Map<string, string>();
  const locks = new Locks();
  const localStorage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
  const before = { ...Object.getOwnPropertyDescriptors(globalThis) };
  Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  return {
    items,
    clear() {
      items.clear();
      locks.clear();
    },
    remove() {
      for (const name of ['localStorage', 'navigator'] as const) {
        delete (globalThis as Record<string, unknown>)[name];
        const own = before[name as keyof typeof before];
        if (own) Object.defineProperty(globalThis, name, own);
      }
    },
  };
}

/** Web Locks. */
class Locks {
  /** Of each name that a lock is held or waited for, the end of the last turn. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #held = new Set<string>();

  request<T>(
    name: string,
    ...rest: [run: Run<T>] | [options: { ifAvailable: true }, run: Run<T>]
  ): Promise<T> {
    const run = rest.at(-1) as Run<T>;
    const before = this.#turns.get(name);
    if (before && rest.length > 1) return run(null);
    const turn = Promise.resolve(before).then(() => {
      this.#held.add(name);
      return run({ name });
    });
    const end = turn
      .catch(() => undefined)
      .then(() => {
        this.#held.delete(name);
        if (this.#turns.get(name) === end) this.#turns.delete(name);
      });
    this.#turns.set(name, end);
    return turn;
  }

  query(): Promise<{ held: { name: string }[] }> {
    return Promise.resolve({ held: [...this.#held].map((name) => ({ name })) });
  }

  /** As when all tabs are closed. */
  clear(): void {
    this.#turns.clear();
    this.#held.clear();
  }
}

type Run<T> = (lock: { name: string } | null) => Promise<T>;

/** A token storage that outlives its clients. */
export function keychain(): { kept: StoredTokens | undefined; get(): unknown; set: unknown } & NonNullable<
  AuthClientOptions['storage']
> {
  return {
    kept: undefined,
    get() {
      return Promise.resolve(this.kept);
    },
    set(tokens: StoredTokens) {
      this.kept = structuredClone(tokens);
    },
    remove() {
      this.kept = undefined;
    },
  };
}

/** What `installBrowserGlobals` puts into this process. */
export interface BrowserGlobals {
  /** Of `localStorage`. */
  readonly items: Map<string, string>;
  /** Makes it another browser: nothing is stored, and no tab holds a lock. */
  clear(): void;
  remove(): void;
}

/** Before each test of a file: opens a site, with the globals of a browser. Closes both after it. */
export function useBrowserSite(take: (site: Site, browser: BrowserGlobals) => void): void {
  let close: () => Promise<void>;
  beforeEach(async () => {
    const browser = installBrowserGlobals();
    const site = await openSite();
    close = () => {
      browser.remove();
      return site.close();
    };
    take(site, browser);
  });
  afterEach(() => close());
}
