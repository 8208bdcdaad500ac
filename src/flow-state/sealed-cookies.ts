import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { AuthError } from '../errors.js';
import type { FlowStateFailureReason, RequestOrigin } from '../events/auth-event.js';
import {
  appendCookie,
  clearCookie,
  namesOfCookies,
  readCookies,
  type CookieConfig,
} from '../http/cookies.js';
import { originOf } from '../http/request-origin.js';
import type { TextSealer } from '../tokens/sealed-text.js';
import { parseFlowOptions, type FlowStateOptions } from './flow-options.js';

const MAX_COOKIE_BYTES = 3072;
/** How many unfinished logins a browser keeps; the oldest ones make room. */
const MAX_PENDING = 4;
/** How many of these one answer clears. */
const MAX_CLEARED = 4;
const HANDLE = /^[\w-]{32}$/;
const HANDLE_BYTES = 24;
/** How many characters of the handle go into the name of its cookie. */
const NAMED_BY = 8;
const NAME_END = /^[\w-]{8}$/;

interface Saved {
  exp: number;
  data: unknown;
}

/** Announces the reason; the origin is undefined where the request isn't known. @returns what the client gets, which says less */
export type Refuse = (reason: FlowStateFailureReason, origin?: RequestOrigin) => AuthError;

interface SealedCookiesServices {
  cookies: CookieConfig;
  now: () => number;
  sealer: TextSealer;
  /** Whether this call is the first one to take the handle. */
  isFirst: (handle: string) => Promise<boolean>;
  refuse: Refuse;
}

/** One encrypted cookie for each login that this browser has begun. */
export class SealedCookies {
  readonly #services: SealedCookiesServices;
  readonly #prefix: string;

  constructor(services: SealedCookiesServices) {
    this.#services = services;
    this.#prefix = `${services.cookies.flowName}.`;
  }

  /** @returns the handle. @throws TypeError for data that is no JSON, or too large */
  save(req: Request, data: object, options?: FlowStateOptions): string {
    const { cookies, now, sealer } = this.#services;
    const { expiresInSeconds, sameSite, purpose } = parseFlowOptions(options, cookies.secure);
    const handle = randomBytes(HANDLE_BYTES).toString('base64url');
    const saved: Saved = { exp: now() + expiresInSeconds * 1000, data };
    const sealed = sealer.seal(JSON.stringify(saved), boundTo(handle, purpose));
    if (sealed.length > MAX_COOKIE_BYTES)
      throw new TypeError('flowState.save(): data is too large for a cookie');
    const res = answerOf(req);
    const pending = namesOfCookies(req).filter((name) => this.#isOurs(name));
    // Browsers send the oldest first (RFC 6265 §5.4). An attacker may have planted a hundred, and proxies limit an answer's headers.
    for (const name of pending.slice(0, Math.min(MAX_CLEARED, Math.max(0, pending.length - MAX_PENDING + 1))))
      clearCookie(res, name, cookies);
    appendCookie(res, this.#cookieOf(handle), sealed, expiresInSeconds, { ...cookies, sameSite });
    return handle;
  }

  /** @throws AuthError FLOW_STATE_INVALID; SERVICE_UNAVAILABLE */
  async take<Data>(
    req: Request,
    handle: unknown,
    options?: Pick<FlowStateOptions, 'purpose'>,
  ): Promise<Data> {
    const { cookies, now, sealer, isFirst, refuse } = this.#services;
    const { purpose } = parseFlowOptions(options, cookies.secure);
    const origin = originOf(req);
    if (typeof handle !== 'string' || !HANDLE.test(handle)) throw refuse('unknown', origin);
    const text = readCookies(req, this.#cookieOf(handle))
      .map((sealed) => sealer.open(sealed, boundTo(handle, purpose)))
      .find((opened) => opened !== undefined);
    if (text === undefined) throw refuse('unknown', origin);
    const { exp, data } = JSON.parse(text) as Saved;
    if (exp <= now()) throw refuse('expired', origin);
    if (!(await isFirst(handle))) throw refuse('taken', origin);
    clearCookie(answerOf(req), this.#cookieOf(handle), cookies);
    return data as Data;
  }

  #cookieOf(handle: string): string {
    return this.#prefix + handle.slice(0, NAMED_BY);
  }

  /** Any other name may be one that can't be cleared. */
  #isOurs(name: string): boolean {
    return name.startsWith(this.#prefix) && NAME_END.test(name.slice(this.#prefix.length));
  }
}

/** What a state is sealed for. All handles have the same length, so no two pairs give the same text. */
function boundTo(handle: string, purpose = ''): string {
  return handle + purpose;
}

/** Strategies pass only the request to their store; Express keeps the answer beside it. */
function answerOf(req: Request): Response {
  if (req.res) return req.res;
  throw new TypeError('flowState needs a request of Express, with its answer in req.res');
}
