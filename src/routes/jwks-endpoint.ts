import { createServeJwks, type JwksServices } from '../controllers/jwks.js';
import { answerSchemas } from '../http/answer-schemas.js';
import type { Endpoint } from '../http/endpoint.js';

export type JwksEndpointServices = JwksServices & { config: { readonly jwks: boolean } };

/** /jwks.json, with the option `jwks` */
export function jwksEndpoints(services: JwksEndpointServices): Endpoint[] {
  if (!services.config.jwks) return [];
  return [
    {
      verb: 'get',
      path: '/jwks.json',
      chain: [createServeJwks(services)],
      operation: {
        id: 'jwks',
        tag: 'Keys',
        summary: 'Get the public keys of access tokens',
        description:
          'A JWK Set (RFC 7517), for services that verify access tokens. The header `kid` of a token names its key. Keys that will ' +
          'sign later are in it too.',
        needs: 'nothing',
        success: { text: 'The public keys.', answer: () => answerSchemas().jwks, cache: 'minutes' },
        failures: [],
      },
    },
  ];
}
