import type { Request, Response } from 'express';
import {
  appendCookie,
  assertMaySetCookies,
  clearCookie,
  readCookies,
  type CookieConfig,
} from '../../http/cookies.js';
import { digestOf } from '../../utils/digest.js';
import { newSecret } from './new-secret.js';

const SECRET = /^[\w-]{32}$/;

/** What a browser keeps to show later that it asked for a mail. */
export class BrowserSecret {
  readonly #cookies: CookieConfig;
  readonly #name: string;

  /** @param purpose tells the cookies of several flows apart: `'link'` */
  constructor(cookies: CookieConfig, purpose: string) {
    this.#cookies = cookies;
    this.#name = `${cookies.flowName}.${purpose}`;
  }

  /** Gives the browser a new secret. @throws AuthError CROSS_SITE_REQUEST */
  give(req: Request, res: Response, maxAgeSeconds: number): string {
    assertMaySetCookies(req);
    const secret = newSecret();
    this.keep(res, secret, maxAgeSeconds);
    return secret;
  }

  /** The secret that the browser has, or a new one for `keep`. @throws AuthError CROSS_SITE_REQUEST */
  choose(req: Request): string {
    assertMaySetCookies(req);
    return this.read(req)[0] ?? newSecret();
  }

  /** Lets the browser keep a secret of `choose`, once the request has succeeded: no failure sets a cookie. */
  keep(res: Response, secret: string, maxAgeSeconds: number): void {
    appendCookie(res, this.#name, secret, Math.ceil(maxAgeSeconds), this.#cookies);
  }

  /** Those that the request has brought: more than one only where a neighbour has set a cookie of this name too. */
  read(req: Request): string[] {
    return readCookies(req, this.#name).filter((text) => SECRET.test(text));
  }

  clear(res: Response): void {
    clearCookie(res, this.#name, this.#cookies);
  }
}

/** Whether the browser with these secrets is the one whose secret has this digest. */
export function isBrowser(secrets: readonly string[], digest: string | undefined): boolean {
  return secrets.some((secret) => digestOf(secret) === digest);
}
