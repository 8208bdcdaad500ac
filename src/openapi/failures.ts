import { AUTH_FAILURES, type AuthErrorCode } from '../errors.js';
import type { ErrorBodyConfig } from '../http/error-body.js';
import { SET_COOKIE } from './headers.js';
import { BODY_FAILURES, GUARD_FAILURES, type Operation } from '../http/operation.js';

type Json = Record<string, unknown>;

/** The failures of an operation that have the same status. */
export interface Failures {
  readonly status: number;
  readonly codes: readonly [AuthErrorCode, ...AuthErrorCode[]];
  /** The name of the response, as in `#/components/responses/AuthUnauthorized`. */
  readonly name: string;
  readonly clearsCookies: boolean;
}

export function failuresOf(operation: Operation): Failures[] {
  const { failures, notFound = [], unauthorizedClearsCookies = false } = operation;
  const byStatus = new Map<number, Failures['codes']>();
  const add = (status: number, code: AuthErrorCode) =>
    byStatus.set(status, [...(byStatus.get(status) ?? ([] as const)), code] as const);
  for (const code of new Set(failures)) add(AUTH_FAILURES[code].status, code);
  for (const code of notFound) add(404, code);
  return [...byStatus].map(([status, codes]) => ({
    status,
    codes,
    name: 'Auth' + nameOf(status, codes, operation),
    clearsCookies: status === 401 && unauthorizedClearsCookies,
  }));
}

/** The lists of codes that many operations share, by status. */
const SHARED: Readonly<Record<number, readonly AuthErrorCode[]>> = {
  400: BODY_FAILURES.filter((code) => AUTH_FAILURES[code].status === 400),
  401: GUARD_FAILURES,
};

const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
};

/** A name stands for one list of codes, so a list of its own has the operation in its name. */
function nameOf(status: number, codes: Failures['codes'], { id, unauthorized }: Operation): string {
  const [first] = codes;
  if (codes.length === 1)
    return first.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
  if (status === 401 && unauthorized) return unauthorized;
  const name = STATUS_NAMES[status] ?? String(status);
  const isShared = SHARED[status]?.join() === codes.join();
  return isShared ? name : id.charAt(0).toUpperCase() + id.slice(1) + name;
}

/** A response object, with an example of each code where the body is ours. */
export function failureResponse(
  { status, codes, clearsCookies }: Failures,
  errorBody: ErrorBodyConfig | undefined,
): Json {
  return {
    description: describe(codes),
    headers: {
      'Cache-Control': { $ref: '#/components/headers/AuthNoStore' },
      ...(status === 401 && { 'WWW-Authenticate': { $ref: '#/components/headers/AuthWwwAuthenticate' } }),
      ...((status === 429 || status === 503) && {
        'Retry-After': { $ref: '#/components/headers/AuthRetryAfter' },
      }),
      ...(codes.includes('SECOND_FACTOR_REQUIRED') && {
        'Set-Cookie': {
          ...SET_COOKIE,
          description:
            'After `SECOND_FACTOR_REQUIRED`: what lets this browser make the second step, unless `transport` is `body`.',
        },
      }),
      ...(clearsCookies && {
        'Set-Cookie': {
          ...SET_COOKIE,
          description: 'Both token cookies, cleared; not after `NO_REFRESH_TOKEN`.',
        },
      }),
    },
    content: errorBody
      ? { [errorBody.contentType]: { schema: OWN_FAILURE } }
      : { 'application/json': { schema: schemaOf(codes), examples: examplesOf(codes) } },
  };
}

const OWN_FAILURE = { $ref: '#/components/schemas/AuthFailure' };

/** The schemas that the responses of these operations refer to. */
export function failureSchemas(
  errorBody: ErrorBodyConfig | undefined,
  operations: readonly Operation[],
): Record<string, Json> {
  if (errorBody) return { AuthFailure: errorBody.schema };
  const isNeeded = operations.some(({ failures }) => failures.includes('SECOND_FACTOR_REQUIRED'));
  return {
    AuthValidationFailure: VALIDATION_FAILURE,
    ...(isNeeded && { AuthSecondFactorNeeded: SECOND_FACTOR_NEEDED }),
  };
}

function examplesOf(codes: readonly AuthErrorCode[]): Json {
  return Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
}

function describe(codes: Failures['codes']): string {
  const [first] = codes;
  if (codes.length === 1) return `\`${first}\`: ${AUTH_FAILURES[first].message}.`;
  return ['One of these:', '', ...codes.map((code) => `- \`${code}\`: ${AUTH_FAILURES[code].message}.`)].join(
    '\n',
  );
}

/** Codes whose failures have more members than the others, with the names of their schemas. */
const OWN_SCHEMAS: Readonly<Partial<Record<AuthErrorCode, string>>> = {
  VALIDATION_FAILED: 'AuthValidationFailure',
  SECOND_FACTOR_REQUIRED: 'AuthSecondFactorNeeded',
};

function schemaOf(codes: readonly AuthErrorCode[]): Json {
  const own = codes.flatMap((code) => OWN_SCHEMAS[code] ?? []);
  const others = codes.filter((code) => OWN_SCHEMAS[code] === undefined);
  const schemas = [
    ...own.map((name) => ({ $ref: `#/components/schemas/${name}` })),
    ...(others.length > 0 ? [failureSchema(others)] : []),
  ];
  return schemas.length === 1 ? (schemas[0] as Json) : { oneOf: schemas };
}

function failureSchema(
  codes: readonly AuthErrorCode[],
  moreProperties: Json = {},
  optionalProperties: Json = {},
): Json {
  return {
    type: 'object',
    properties: {
      code: { type: 'string', description: 'What to branch on: a code is never renamed.', enum: codes },
      message: { type: 'string', description: 'For people and logs.' },
      ...moreProperties,
      ...optionalProperties,
    },
    required: ['code', 'message', ...Object.keys(moreProperties)],
    additionalProperties: false,
  };
}

const FIELD_ERROR = {
  type: 'object',
  properties: {
    path: { type: 'string', description: 'The name of the field, or of the header.' },
    message: { type: 'string' },
  },
  required: ['path', 'message'],
  additionalProperties: false,
};

const VALIDATION_FAILURE: Json = {
  ...failureSchema(['VALIDATION_FAILED'], {
    errors: { type: 'array', description: 'The fields that were refused.', items: FIELD_ERROR, minItems: 1 },
  }),
  description: 'A request whose fields are at fault.',
};

const SECOND_FACTOR_NEEDED: Json = {
  ...failureSchema(
    ['SECOND_FACTOR_REQUIRED'],
    {
      factors: {
        type: 'array',
        description:
          'What the user can prove the second step with: `passkey`, `totp`, `recovery-code`. Empty where only support can help.',
        items: { type: 'string' },
      },
    },
    {
      challenge: {
        type: 'string',
        description: 'With `transport: "body"` only: send it back with the second step.',
      },
    },
  ),
  description: 'The first step of a login was right, and the second one is to come.',
};

function exampleOf(code: AuthErrorCode): Json {
  const { message } = AUTH_FAILURES[code];
  const errors = [{ path: 'password', message: 'is required' }];
  return {
    code,
    message,
    ...(code === 'VALIDATION_FAILED' && { errors }),
    ...(code === 'SECOND_FACTOR_REQUIRED' && { factors: ['totp', 'recovery-code'] }),
  };
}
