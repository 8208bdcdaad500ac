import type { RequestHandler } from 'express';
import type { DescribeEndpoints } from '../openapi/create-openapi.js';

/** Serves the description, as of where the router is mounted for this request. */
export function createServeOpenApi(openapi: DescribeEndpoints): RequestHandler {
  return function serveOpenApi(req, res) {
    // Nothing in it is secret; it changes with the next deployment, which the ETag tells.
    res.set('Cache-Control', 'no-cache').json(openapi({ mountPath: req.baseUrl || '/' }));
  };
}
