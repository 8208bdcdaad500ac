import type { ServerResponse } from 'node:http';
import type { Response } from 'express';
import { sendUncachedJson } from './send-uncached-json.js';

/**
 * A guard also works on requests that never pass through Express: plain `node:http`, the handshake of a WebSocket, socket.io.
 * Their responses have only what Node gives them. An upgrade and `io.use` have none at all: there the app hands over `{}`,
 * nothing, or the socket.
 */
export function canAnswer(res: Partial<Response> | undefined): boolean {
  return typeof res?.setHeader === 'function' && typeof res.end === 'function';
}

/**
 * What is wrong with the call of a guard. Where the app calls it itself, mistakes are easy: the socket in place of its request.
 * @returns undefined for a call that is right
 * @throws TypeError if there is not even a `next` that could get the error
 */
export function mistakeInCall(req: unknown, next: unknown): TypeError | undefined {
  if (typeof next !== 'function')
    throw new TypeError(
      'A guard needs a function as its third argument, which it calls when the request may pass, or with an error: auth.tokenVerify(req, res, next)',
    );
  if (hasHeaders(req)) return undefined;
  const { request } = (req ?? {}) as { request?: unknown };
  return new TypeError(
    hasHeaders(request)
      ? 'A guard got a socket in place of a request: call auth.tokenVerify(socket.request, {}, next)'
      : 'A guard needs a request as its first argument, which is an object with headers: auth.tokenVerify(req, res, next)',
  );
}

/** Whether it may be a request of Node or Express. JavaScript has no types, so apps hand over other things too. */
export function hasHeaders(value: unknown): value is { headers: object } {
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
