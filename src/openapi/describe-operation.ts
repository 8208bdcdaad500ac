import type { ErrorBodyConfig } from '../http/error-body.js';
import { IDEMPOTENCY_KEY } from '../http/idempotency-key.js';
import { schemaRef } from './component-schemas.js';
import { failureResponse, failuresOf } from './failures.js';
import { cacheHeaderOf, SET_COOKIE } from './headers.js';
import type { Operation } from '../http/operation.js';
import { SECURITY } from './security.js';

type Json = Record<string, unknown>;

/** The operation object of an endpoint. */
export function describeOperation(path: string, operation: Operation): Json {
  const { id, tag, summary, description, needs, body } = operation;
  const parameters = parametersOf(path, operation);
  const failures = failuresOf(operation).map(({ status, name }) => [
    String(status),
    { $ref: `#/components/responses/${name}` },
  ]);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    security: SECURITY[needs],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: body.required, content: contentOf(body) } }),
    responses: { ...successOf(operation), ...(Object.fromEntries(failures) as Json) },
  };
}

function contentOf({ schema, form }: NonNullable<Operation['body']>): Json {
  const content = json(schemaRef(schema));
  return form ? { ...content, 'application/x-www-form-urlencoded': content['application/json'] } : content;
}

/** The response objects of all failures of these operations, by name. */
export function responsesOf(
  operations: readonly Operation[],
  errorBody: ErrorBodyConfig | undefined,
): Record<string, Json> {
  const named = operations
    .flatMap(failuresOf)
    .map((failures) => [failures.name, failureResponse(failures, errorBody)]);
  return Object.fromEntries(named) as Record<string, Json>;
}

function successOf({ success: { status, text, answer, cache }, cookies }: Operation): Json {
  const response = {
    description: text,
    headers: {
      'Cache-Control': { $ref: `#/components/headers/${cacheHeaderOf(cache)}` },
      ...(cookies && {
        'Set-Cookie': { ...SET_COOKIE, description: cookies.text, required: cookies.always },
      }),
    },
    ...(answer && { content: json(schemaRef(answer())) }),
  };
  return { [answer ? (status ?? 200) : 204]: response };
}

function parametersOf(path: string, { parameters: described, idempotencyKey }: Operation): Json[] {
  const parameters: Json[] = [];
  for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) {
    parameters.push({ name, in: 'path', required: true, schema: { type: 'string' }, ...described?.[name] });
  }
  if (idempotencyKey) {
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      description:
        'The same for the retries of one request: a retry whose first answer got lost then gets the same tokens. A refresh may be ' +
        'repeated however late; a change of the password within the reuse window; a reauthentication until the next refresh.',
      schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
      example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
    });
  }
  return parameters;
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}
