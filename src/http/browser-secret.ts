import type { Request, Response } from 'express';
import type { Transport } from '../tokens/transport.js';
import { appendCookie, assertMaySetCookies, clearCookie, readCookies, type CookieConfig } from './cookies.js';
import { newSecret } from './new-secret.js';

const SECRET = /^[\w-]{32}$/;

/** What a request shows to prove that its browser or client has made an earlier one: cookies, or what a client without cookies sends back. */
export interface ShownSecrets {
  readonly transport: Transport;
  readonly secrets: readonly string[];
}

/** A cookie by which a browser shows later that it made an earlier request: for a mail, for a challenge, or the first step of a login. */
export class BrowserSecret {
  readonly #cookies: CookieConfig;
  readonly #name: string;

  /** @param purpose keeps the cookies of several flows apart: `'link'` */
  constructor(cookies: CookieConfig, purpose: string) {
    this.#cookies = cookies;
    this.#name = `${cookies.flowName}.${purpose}`;
  }

  /** A new secret, for `keep`. @throws AuthError CROSS_SITE_REQUEST */
  create(req: Request): string {
    assertMaySetCookies(req);
    return newSecret();
  }

  /** The secret that the browser has, or else a new one, for `keep`. @throws AuthError CROSS_SITE_REQUEST */
  choose(req: Request): string {
    assertMaySetCookies(req);
    return this.read(req)[0] ?? newSecret();
  }

  /** Stores the secret in the browser. Call it when the request has succeeded, because a failure must set no cookie. */
  keep(res: Response, secret: string, maxAgeSeconds: number): void {
    appendCookie(res, this.#name, secret, Math.ceil(maxAgeSeconds), this.#cookies);
  }

  /** The secrets in the request's cookies. There is more than one only if a neighbouring host has set a cookie of this name too. */
  read(req: Request): string[] {
    return readCookies(req, this.#name).filter((text) => SECRET.test(text));
  }

  /** @param sent what a client without cookies has sent back; undefined for a browser */
  shown(req: Request, sent: string | undefined): ShownSecrets {
    return sent === undefined
      ? { transport: 'cookie', secrets: this.read(req) }
      : { transport: 'body', secrets: [sent] };
  }

  clear(res: Response): void {
    clearCookie(res, this.#name, this.#cookies);
  }
}
