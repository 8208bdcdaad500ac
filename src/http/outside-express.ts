import type { ServerResponse } from 'node:http';
import type { Response } from 'express';
import { asError } from '../utils/as-error.js';
import { sendUncachedJson } from './send-uncached-json.js';

/**
 * A guard also works on requests that never pass through Express: plain `node:http`, the handshake of a WebSocket, socket.io.
 * Their responses have only what Node gives them. An upgrade and `io.use` have none at all: there the app hands over `{}`,
 * nothing, or the socket.
 */
export function canAnswer(res: Partial<Response> | undefined): boolean {
  return typeof res?.setHeader === 'function' && typeof res.end === 'function';
}

/** A function of this package that gets a request, a response and `next`. Express calls it, or the app itself. */
export interface Called {
  /** As a text names it: `A guard`. */
  readonly name: string;
  /** As the app writes it: `auth.tokenVerify`. */
  readonly call: string;
  /** When it calls `next`. */
  readonly callsNext: string;
}

export const GUARD: Called = {
  name: 'A guard',
  call: 'auth.tokenVerify',
  callsNext: 'when the request may pass, or with an error',
};

/** @param method of `auth` that makes the handler */
export function handlerOf(method: string): Called {
  return { name: `The handler of ${method}()`, call: `auth.${method}()`, callsNext: 'with an error' };
}

/**
 * What is wrong with the call. Where the app calls a guard or a handler itself, mistakes are easy: the socket in place of its
 * request, or no `next`.
 * @returns undefined for a call that is right; otherwise what `next` must get
 * @throws TypeError if there is not even a `next` that could get the error
 */
export function mistakeInCall({ name, call, callsNext }: Called, req: unknown, next: unknown): unknown {
  if (typeof next !== 'function')
    throw new TypeError(
      `${name} needs a function as its third argument, which it calls ${callsNext}: ${call}(req, res, next)`,
    );
  try {
    if (isNodeRequest(req)) return undefined;
    if (hasHeaders(req))
      return new TypeError(
        `${name} got a Request of fetch in place of a request of Node or Express: call ${call}(req, res, next) with that. For anything else there is auth.verify(token)`,
      );
    const { request } = (req ?? {}) as { request?: unknown };
    return new TypeError(
      isNodeRequest(request)
        ? `${name} got a socket in place of a request: call ${call}(socket.request, {}, next)`
        : `${name} needs a request as its first argument, which is an object with headers: ${call}(req, res, next)`,
    );
  } catch (thrown) {
    return asError(thrown); // by a getter of the request
  }
}

/** Whether it may be a request of Node or Express. JavaScript has no types, so apps hand over other things too. */
export function isNodeRequest(value: unknown): boolean {
  // Not `'get' in headers`: a client may send a header of that name.
  return hasHeaders(value) && typeof value.headers.get !== 'function';
}

function hasHeaders(value: unknown): value is { headers: { get?: unknown } } {
  const { headers } = (value ?? {}) as { headers?: unknown };
  return typeof headers === 'object' && headers !== null;
}

/** The response that engine.io makes up for the handshake of a WebSocket can answer, and set no cookie. */
export function canSetCookies(res: Partial<Response> | undefined): boolean {
  return canAnswer(res) && typeof res?.appendHeader === 'function';
}

/**
 * Express's own `json`, with the settings of the app, where there is one.
 * @param contentType Default: JSON's
 */
export function sendJson(res: Response, status: number, body: object, contentType?: string): void {
  if (typeof res.json === 'function') {
    if (contentType !== undefined) res.setHeader('Content-Type', contentType);
    res.status(status).json(body);
    return;
  }
  (res as ServerResponse).statusCode = status;
  sendUncachedJson(res as Response<object>, body, contentType);
}
