import { CookieJar } from './cookie-jar';

/** A browser that follows redirects from host to host and fills in forms, with a cookie jar for each host. */
export class CookieBrowser {
  readonly #jars = new Map<string, CookieJar>();
  /** The address of every request. */
  readonly visited: string[] = [];

  /** Follows redirects, like a navigation. */
  async open(
    address: string | URL,
    init: RequestInit = {},
  ): Promise<{ url: URL; status: number; text: string }> {
    let url = new URL(address);
    let request = init;
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await this.fetch(url, request);
      const location = response.headers.get('location');
      if (location === null) return { url, status: response.status, text: await response.text() };
      url = new URL(location, url);
      request = {};
    }
    throw new Error(`more than 20 redirects, the last to ${url.href}`);
  }

  /** Sends the first form of a page. @param typed fields in addition to the hidden ones */
  submit({ url, text }: { url: URL; text: string }, typed: Record<string, string> = {}) {
    const action = /<form[^>]* action="([^"]*)"/.exec(text)?.[1];
    if (action === undefined) throw new Error(`no form at ${url.href}: ${text}`);
    const hidden = Array.from(text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g));
    const body = new URLSearchParams(
      hidden.map(([, name = '', value = '']): [string, string] => [name, value]),
    );
    for (const [name, value] of Object.entries(typed)) body.set(name, value);
    return this.open(new URL(action.replaceAll('&amp;', '&'), url), { method: 'POST', body });
  }

  async fetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address);
    this.visited.push(url.href);
    const jar = this.#jars.get(url.host) ?? new CookieJar();
    this.#jars.set(url.host, jar);
    const headers = new Headers(init.headers);
    headers.set('cookie', String(jar));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    jar.keep(response);
    return response;
  }
}
