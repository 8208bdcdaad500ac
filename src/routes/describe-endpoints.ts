import { z } from 'zod';
import { createServeOpenApi } from '../controllers/openapi.js';
import { component } from '../http/component.js';
import type { Endpoint } from '../http/endpoint.js';
import { createOpenApi, type DescribeEndpoints, type DescriptionConfig } from '../openapi/create-openapi.js';

/** Describes these endpoints. With the option `openapi`, GET /openapi.json is one of them, and describes itself too. */
export function describeEndpoints(
  config: DescriptionConfig,
  described: readonly Endpoint[],
): { endpoints: readonly Endpoint[]; openapi: DescribeEndpoints } {
  const endpoints = [...described];
  const openapi = createOpenApi(config, endpoints);
  if (config.openapi.served) endpoints.push(openapiEndpoint(openapi));
  return { endpoints, openapi };
}

function openapiEndpoint(openapi: DescribeEndpoints): Endpoint {
  return {
    verb: 'get',
    path: '/openapi.json',
    chain: [createServeOpenApi(openapi)],
    operation: {
      id: 'openapi',
      tag: 'Description',
      summary: 'Get the description of these endpoints',
      description: 'An OpenAPI document, for viewers and for generators of clients.',
      needs: 'nothing',
      success: { text: 'The description.', answer: createDocumentSchema, cache: 'revalidate' },
      failures: [],
    },
  };
}

/** Only its outline: the OpenAPI specification says the rest. Made when the document is asked for, and then once. */
function createDocumentSchema(): z.ZodType {
  return (documentSchema ??= component(
    'AuthOpenApiResponse',
    z
      .looseObject({
        openapi: z.literal('3.1.0'),
        info: z.looseObject({ title: z.string(), version: z.string() }),
        paths: z.looseObject({}),
        components: z.looseObject({}),
      })
      .meta({ description: 'An OpenAPI 3.1 document.' }),
  ));
}

let documentSchema: z.ZodType | undefined;
