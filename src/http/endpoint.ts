import type { RequestHandler } from 'express';
import type { Operation } from './operation.js';

/** One row of the HTTP contract: what a request passes through, and how OpenAPI describes it. */
export interface Endpoint {
  readonly verb: 'get' | 'post' | 'patch' | 'delete';
  /** Below the path where the router is mounted: `/sessions/:id`. */
  readonly path: `/${string}`;
  /** In this order. The last one answers. */
  readonly chain: readonly RequestHandler<never>[];
  readonly operation: Operation;
}

/** `GET /sessions/:id` */
export function nameOf({ verb, path }: Pick<Endpoint, 'verb' | 'path'>): EndpointName {
  return `${verb.toUpperCase() as Uppercase<Endpoint['verb']>} ${path}`;
}

/** Verb and path of an endpoint: `POST /register`. */
export type EndpointName = `${Uppercase<Endpoint['verb']>} /${string}`;
