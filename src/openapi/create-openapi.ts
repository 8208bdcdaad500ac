import type { AuthConfig } from '../config/auth-config.js';
import { createAnswerSchemas } from '../http/answer-schemas.js';
import type { BodySchemas } from '../http/body-schemas.js';
import { componentSchemas } from './component-schemas.js';
import { describeOperation, responsesOf } from './describe-operation.js';
import { VALIDATION_FAILURE } from './failures.js';
import { HEADERS } from './headers.js';
import type { OpenApiDocument } from './openapi-document.js';
import { parseOpenApiOptions, type OpenApiOptions } from './openapi-options.js';
import { TAGS, type Endpoint } from '../http/operation.js';
import { createOperations } from '../routes/operations.js';
import { securitySchemes } from './security.js';

/** A row of the router's table. */
type Row = readonly [verb: string, path: string, ...unknown[]];

export type DescribeEndpoints = (options?: OpenApiOptions) => OpenApiDocument;

/**
 * Describes the endpoints of the router's table, with the schemas that judge its requests. Made at the first call and kept;
 * every call gets a copy of its own.
 */
export function createOpenApi(
  config: AuthConfig,
  bodies: BodySchemas,
  rows: readonly Row[],
): DescribeEndpoints {
  let kept: Pick<OpenApiDocument, 'tags' | 'paths' | 'components'> | undefined;

  return function openapi(options = {}) {
    const { mountPath = '/auth', ...call } = parseOpenApiOptions(options);
    const { title, version, servers } = { ...config.openapi.info, ...call };
    kept ??= describeRows(config, bodies, rows);
    return {
      openapi: '3.1.0',
      info: { title: title ?? 'Authentication', version: version ?? '1.0.0', description: INTRODUCTION },
      servers: servers?.map((server) => ({ ...server })) ?? [{ url: mountPath }],
      ...structuredClone(kept),
    };
  };
}

const INTRODUCTION = `A short access token shows who sends a request; a refresh token is exchanged for the next pair when it has expired.

- Browsers keep both in cookies, and need do nothing. Other clients log in with \`transport: "body"\`, send \`Authorization: Bearer …\`, and put the refresh token into the body of /refresh and /logout.
- Every failure is \`{ code, message }\`. Branch on \`code\`.
- 401 \`ACCESS_TOKEN_EXPIRED\`: call /refresh once and repeat the request. 503: keep the tokens, and try again after \`Retry-After\` seconds.`;

function describeRows(config: AuthConfig, bodies: BodySchemas, rows: readonly Row[]) {
  const operations = createOperations(config);
  const described = rows.map(([verb, path]) => {
    const operation = operations[`${verb.toUpperCase()} ${path}` as Endpoint];
    if (!operation) throw new TypeError(`${verb} ${path} has no row in src/routes/operations.ts`);
    return { verb, path: path.replaceAll(/:(\w+)/g, '{$1}'), operation };
  });

  const paths: OpenApiDocument['paths'] = {};
  for (const { verb, path, operation } of described)
    (paths[path] ??= {})[verb] = describeOperation(path, operation);

  const all = described.map(({ operation }) => operation);
  const tags = Object.entries(TAGS).filter(([name]) => all.some(({ tag }) => tag === name));
  return {
    tags: tags.map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: {
        ...componentSchemas(all, bodies, createAnswerSchemas()),
        AuthValidationFailure: VALIDATION_FAILURE,
      },
      responses: responsesOf(all),
      headers: HEADERS,
      securitySchemes: securitySchemes(config.cookies),
    },
  };
}
