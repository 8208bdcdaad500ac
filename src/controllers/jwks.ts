import type { RequestHandler } from 'express';
import { KEYS_MAX_AGE_SECONDS } from '../http/operation.js';
import { jwkSetOf } from '../tokens/jwk-set.js';
import type { KeySet } from '../tokens/keys.js';

export interface JwksServices {
  config: { readonly accessToken: { readonly keys: KeySet } };
}

/** Serves the public keys of access tokens. */
export function createServeJwks({ config }: JwksServices): RequestHandler {
  const jwks = jwkSetOf(config.accessToken.keys);
  return function serveJwks(_req, res) {
    res.set('Cache-Control', `public, max-age=${KEYS_MAX_AGE_SECONDS}`).json(jwks);
  };
}
