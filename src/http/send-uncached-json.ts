import type { Response } from 'express';

/**
 * Like `res.json`, for an answer that no cache keeps. `res.json` would also compute an ETag, and parse the media type that it
 * has just set. That costs a refresh as much as two signatures.
 */
export function sendUncachedJson<Body extends object>(
  res: Response<Body>,
  body: Body,
  contentType = 'application/json; charset=utf-8',
): void {
  const text = JSON.stringify(body);
  res.setHeader('Content-Type', contentType);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
}
