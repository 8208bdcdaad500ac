import type { CookieConfig } from '../http/cookies.js';
import type { ErrorBodyConfig } from '../http/error-body.js';
import type { Endpoint } from '../http/endpoint.js';
import { TAGS } from '../http/operation.js';
import { componentSchemas } from './component-schemas.js';
import { describeOperation, responsesOf } from './describe-operation.js';
import { failureSchemas } from './failures.js';
import { headersOf } from './headers.js';
import type { OpenApiDocument } from './openapi-document.js';
import { parseOpenApiOptions, type OpenApiConfig, type OpenApiOptions } from './openapi-options.js';
import { securitySchemes } from './security.js';

export type DescribeEndpoints = (options?: OpenApiOptions) => OpenApiDocument;

export interface DescriptionConfig {
  readonly cookies: CookieConfig;
  readonly openapi: OpenApiConfig;
  readonly errorBody: ErrorBodyConfig | undefined;
  /** A scheme of the header `Authorization` besides `Bearer`. */
  readonly authScheme: string | undefined;
}

/**
 * Describes these endpoints, with the same schemas that validate their requests. The description is made at the first call and
 * kept, so endpoints may be added until then. Every call returns its own copy.
 */
export function createOpenApi(config: DescriptionConfig, endpoints: readonly Endpoint[]): DescribeEndpoints {
  let description: Pick<OpenApiDocument, 'tags' | 'paths' | 'components'> | undefined;

  return function openapi(options = {}) {
    const { mountPath = '/auth', ...call } = parseOpenApiOptions(options);
    const { title, version, servers } = { ...config.openapi.info, ...call };
    description ??= describe(config, endpoints);
    return {
      openapi: '3.1.0',
      info: {
        title: title ?? 'Authentication',
        version: version ?? '1.0.0',
        description: introduction(config),
      },
      servers: servers?.map((server) => ({ ...server })) ?? [{ url: mountPath }],
      ...structuredClone(description),
    };
  };
}

const introduction = ({
  errorBody,
}: Pick<
  DescriptionConfig,
  'errorBody'
>) => `A short access token shows who sends a request; a refresh token is exchanged for the next pair when it has expired.

- Browsers keep both in cookies, and need do nothing. Other clients log in with \`transport: "body"\`, send \`Authorization: Bearer …\`, and put the refresh token into the body of /refresh and /logout.
${errorBody ? '' : '- Every failure is `{ code, message }`. Branch on `code`.\n'}- 401 \`ACCESS_TOKEN_EXPIRED\`: call /refresh once and repeat the request. 503: keep the tokens, and try again after \`Retry-After\` seconds.`;

function describe({ authScheme, cookies, errorBody }: DescriptionConfig, endpoints: readonly Endpoint[]) {
  const paths: OpenApiDocument['paths'] = {};
  for (const { verb, path: expressPath, operation } of endpoints) {
    const path = expressPath.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[verb] = describeOperation(path, operation);
  }
  const operations = endpoints.map(({ operation }) => operation);
  const tags = Object.entries(TAGS).filter(([name]) => operations.some(({ tag }) => tag === name));
  return {
    tags: tags.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: { ...componentSchemas(operations), ...failureSchemas(errorBody, operations) },
      responses: responsesOf(operations, errorBody),
      headers: headersOf(operations),
      securitySchemes: securitySchemes(cookies, authScheme),
    },
  };
}
