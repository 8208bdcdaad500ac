import type { Request, Response } from 'express';
import { appendCookie, clearCookie, readCookies, type CookieConfig } from '../../../http/cookies.js';
import { newSecret } from '../../../http/new-secret.js';
import { digestOf } from '../../../utils/digest.js';

const SECRET = /^[\w-]{32}$/;

/** The cookie of a trusted device. No neighbour on a subdomain can set it where cookies are secure (`__Host-`). */
export class DeviceCookie {
  readonly #name: string;
  readonly #flags: Pick<CookieConfig, 'secure' | 'sameSite' | 'path' | 'domain'>;

  constructor({ flowName, secure, sameSite }: Pick<CookieConfig, 'flowName' | 'secure' | 'sameSite'>) {
    const name = `${flowName}.device`;
    this.#name = secure ? `__Host-${name}` : name;
    // It opens nothing without a proof of the login, and the callback of a provider comes from another site.
    const ownSite = sameSite === 'none' ? 'none' : 'lax';
    this.#flags = { secure, sameSite: ownSite, path: '/', domain: undefined };
  }

  newSecret(): string {
    return newSecret();
  }

  keep(res: Response, secret: string, maxAgeSeconds: number): void {
    appendCookie(res, this.#name, secret, maxAgeSeconds, this.#flags);
  }

  /** The ids of the devices that the request claims to be. */
  idsIn(req: Request): string[] {
    return readCookies(req, this.#name)
      .filter((text) => SECRET.test(text))
      .map(digestOf);
  }

  clear(res: Response): void {
    clearCookie(res, this.#name, this.#flags);
  }
}
