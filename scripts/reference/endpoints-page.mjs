import { anchorOf, GENERATED, list, table, wrap } from './markdown.mjs';

/**
 * A JSON Schema, as far as the bodies use it.
 * @typedef {{ $ref?: string, type?: string | string[], oneOf?: Schema[], properties?: Record<string, Schema>, required?: string[],
 *   items?: Schema, enum?: unknown[], const?: unknown, default?: unknown, format?: string, description?: string, title?: string,
 *   minLength?: number, maxLength?: number, examples?: unknown[] }} Schema
 */
/** @typedef {{ content?: { 'application/json': { schema: Schema, examples?: object } }, headers?: Record<string, { description?: string }>, description: string }} Answer */
/** @typedef {{ summary: string, description: string, security: object[], parameters?: { name: string, in: string, description?: string }[],
 *   requestBody?: { required: boolean, content: { 'application/json': { schema: Schema } } }, responses: Record<string, Answer & { $ref?: string }> }} Operation */
/** @typedef {{ tags: { name: string, description: string }[], paths: Record<string, Record<string, Operation & { tags: string[] }>>,
 *   components: { schemas: Record<string, Schema>, responses: Record<string, Answer> } }} Description */

/**
 * docs/reference/endpoints.md
 * @param {Description} description `auth.openapi()` with default options and `jwks`
 */
export function endpointsPage({ tags, paths, components }) {
  const operations = operationsOf(paths);
  const ordered = tags.flatMap(({ name }) =>
    operations.filter(({ operation }) => operation.tags.includes(name)),
  );
  const overview = ordered.map(({ name, operation }) => [
    `[${name}](#${anchorOf(name)})`,
    needsOf(operation),
    operation.summary,
  ]);
  return [
    GENERATED,
    '# Endpoints',
    wrap(
      'What `auth.router` serves with default options. Paths are relative to where you mount the router: `/login` is `/auth/login` after ' +
        "`app.use('/auth', auth.router)`. The [options](options.md) `register`, `login` and `getAliases` remove endpoints, and `openapi` adds GET /openapi.json, " +
        'which [describes](../openapi.md) all of this for programs. GET /jwks.json exists only with the option `jwks`.',
    ),
    table(['endpoint', 'needs', 'what it does'], overview),
    EVERYWHERE,
    ...tags.flatMap(({ name, description }) => [
      `## ${name}`,
      description,
      ...operations
        .filter(({ operation }) => operation.tags.includes(name))
        .map((each) => section(each, components)),
    ]),
  ].join('\n\n');
}

/**
 * docs/reference/endpoints-email.md
 * @param {Description} description `auth.openapi()` with the feature `emailAccount`
 * @param {Description} core `auth.openapi()` without it
 */
export function emailEndpointsPage(description, core) {
  return featurePage(description, core, {
    title: 'Endpoints of e-mail accounts',
    text:
      "What the feature `emailAccount` adds to [the endpoints](endpoints.md) of `auth.router`, here with `login: ['link', 'code']` and " +
      "`usernameField: 'email'`. Without these two options the last four don't exist, and the address is called `username`. What that page says about all " +
      'endpoints holds here too. [E-mail accounts](../email.md) says how they work together.',
    note: "With `verification: 'later'`, POST /register answers as [without the feature](endpoints.md#post-register): 201 with the user, or 409 `USERNAME_TAKEN`.",
    replaced: ['POST /register'],
  });
}

/**
 * docs/reference/endpoints-second-factor.md
 * @param {Description} description `auth.openapi()` with the feature `secondFactor`
 * @param {Description} core `auth.openapi()` without it
 */
export function factorEndpointsPage(description, core) {
  return featurePage(description, core, {
    title: 'Endpoints of the second factor',
    text:
      'What the feature `secondFactor` adds to [the endpoints](endpoints.md) of `auth.router`. With `trustedDevices: false` the endpoints of trusted devices ' +
      "don't exist. With the feature `passkeys` too, POST /login/second-factor and POST /reauthenticate take a `credential`, and without cookies its `challengeId`, in place of a `code` " +
      '([Endpoints of passkeys](endpoints-passkeys.md)). What the page of all endpoints says holds here too. [A second factor](../second-factor.md) says how they work together.',
    note: 'Every endpoint that starts a session, such as POST /login, may also answer 401 [`SECOND_FACTOR_REQUIRED`](../errors.md#second_factor_required).',
    replaced: [],
  });
}

/**
 * docs/reference/endpoints-passkeys.md
 * @param {Description} description `auth.openapi()` with the features `passkeys` and `secondFactor`
 * @param {Description} core `auth.openapi()` with `secondFactor` only
 */
export function passkeyEndpointsPage(description, core) {
  return featurePage(description, core, {
    title: 'Endpoints of passkeys',
    text:
      'What the feature `passkeys` adds to [the endpoints](endpoints.md) of `auth.router`. What that page says about all endpoints holds here too. ' +
      '[Passkeys](../passkeys.md) says how they work together.',
    note:
      'With the feature `secondFactor` too, POST /passkeys returns `recoveryCodes` with the first factor, and POST /login/second-factor and POST /reauthenticate ' +
      'of [its endpoints](endpoints-second-factor.md) take a `credential`, and without cookies its `challengeId`, in place of a `code`.',
    replaced: [],
  });
}

/**
 * @param {Description} description `auth.openapi()` with the feature
 * @param {Description} core `auth.openapi()` without it
 * @param {{ title: string, text: string, note: string, replaced: string[] }} page `replaced`: what the feature answers in its own way
 */
function featurePage({ paths, components }, core, { title, text, note, replaced }) {
  const known = operationsOf(core.paths).map(({ name }) => name);
  const operations = operationsOf(paths).filter(
    ({ name }) => !known.includes(name) || replaced.includes(name),
  );
  return [
    GENERATED,
    `# ${title}`,
    wrap(text),
    table(
      ['endpoint', 'needs', 'what it does'],
      operations.map(({ name, operation }) => [
        `[${name}](#${anchorOf(name)})`,
        needsOf(operation),
        operation.summary,
      ]),
    ),
    wrap(note),
    ...operations.map((each) => section(each, components, '##')),
  ].join('\n\n');
}

/** @param {Description['paths']} paths */
const operationsOf = (paths) =>
  Object.entries(paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({
      name: `${verb.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      operation,
    })),
  );

const EVERYWHERE = list([
  'Every failure is `{ code, message }`; `VALIDATION_FAILED` adds `errors: [{ path, message }]`. Branch on `code`: [Errors](../errors.md) says what each one means and what a client does about it.',
  'The access token comes in the header `Authorization: Bearer …` or else in its cookie, the refresh token in the body (`refreshToken`) or else in its cookie; never in the query string.',
  'Bodies are JSON (`Content-Type: application/json`). Unknown fields are refused by name: 400 `VALIDATION_FAILED`. The options `usernameField` and `passwordField` rename the fields of /register and /login.',
  'Requests that another site’s page makes a browser send get 403 `CROSS_SITE_REQUEST`, unless [`trustedOrigins`](options.md#trustedorigins) names that origin.',
  'If a store is down, the answer is 503 `SERVICE_UNAVAILABLE` with `Retry-After`, and no one is logged out. Every 429 has `Retry-After` too.',
  'A client that repeats a refresh because the answer got lost sends the same `Idempotency-Key` header, and gets the same tokens again.',
]);

/**
 * @param {{ name: string, operation: Operation }} each
 * @param {Description['components']} components
 */
function section({ name, operation }, components, level = '###') {
  const { description, parameters = [], requestBody, responses } = operation;
  const body = requestBody && resolve(requestBody.content['application/json'].schema, components);
  const [[status, success] = ['', /** @type {Answer} */ ({ description: '' })], ...failures] =
    Object.entries(responses);
  const answers = alternatives(success.content?.['application/json'].schema, components);
  const cookies = success.headers?.['Set-Cookie']?.description;
  const header = parameters.find((each) => each.in === 'header');
  const succeeded = `${status}: ${success.description}${answers.length === 0 ? ' No body.' : ''}`;
  const said = failures.map(([code, answer]) => ({ code, codes: codesOf(answer, components) }));
  const ordinary = said
    .filter(({ code }) => ORDINARY.includes(code))
    .map(({ code, codes }) => `${code} ${codes}`);
  return [
    `${level} ${name}`,
    wrap(`${operation.summary}. ${description}`),
    [
      list([
        `Needs: ${needsOf(operation)}`,
        ...checksOf(operation),
        ...(header ? [`Header: \`${header.name}\`, optional`] : []),
        ...(body
          ? [`Body, ${requestBody.required ? 'required' : 'optional'}: ${shapeOf(body, components)}`]
          : []),
      ]),
      ...(body ? [fieldsOf(body)] : []),
      list([succeeded + (cookies ? ` Cookies: ${lowerFirst(cookies)}` : '')]),
      ...answers.map((answer) => `  - ${answer}`),
      list([
        ...said.filter(({ code }) => !ORDINARY.includes(code)).map(({ code, codes }) => `${code}: ${codes}`),
        ...(ordinary.length > 0 ? [`Also ${ordinary.join(', ')}`] : []),
      ]),
    ].join('\n'),
  ].join('\n\n');
}

/** Statuses that most endpoints answer, always for the same reason. */
const ORDINARY = ['403', '413', '415', '503'];

/** What refuses a request besides a missing token. @param {Operation} operation */
function checksOf({ responses }) {
  const checks = [
    ...('403' in responses ? ['the check for cross-site requests'] : []),
    ...('429' in responses ? ['[limits](options.md#limits)'] : []),
  ];
  return checks.length > 0 ? [`Guarded by: ${checks.join(', ')}`] : [];
}

/** @param {Operation} operation */
function needsOf({ security }) {
  const schemes = security.flatMap((each) => Object.keys(each)).join();
  if (schemes.includes('access') && schemes.includes('refresh')) return 'any token, or none';
  if (schemes.includes('access')) return 'access token';
  return schemes.includes('refresh') ? 'refresh token' : 'nothing';
}

/**
 * @param {Schema | undefined} schema
 * @param {Description['components']} components
 */
function alternatives(schema, components) {
  if (!schema) return [];
  const resolved = resolve(schema, components);
  return (resolved.oneOf ?? [resolved]).map(
    (each) => shapeOf(each, components) + (each.title ? `: ${lowerFirst(each.title)}` : ''),
  );
}

/**
 * `{ message, user: { id, username, roles } }`
 * @param {Schema} schema
 * @param {Description['components']} components
 */
function shapeOf(schema, components) {
  return `\`${shape(schema)}\``;

  /** @param {Schema} nested @returns {string} */
  function shape(nested) {
    const { properties, required = [] } = resolve(nested, components);
    const members = Object.entries(properties ?? {}).map(([name, property]) => {
      const { properties: inner, items } = resolve(property, components);
      const deep = items && resolve(items, components).properties ? `: [${shape(items)}]` : '';
      return `${name}${required.includes(name) ? '' : '?'}${inner ? `: ${shape(property)}` : deep}`;
    });
    return `{ ${members.join(', ')} }`;
  }
}

/** @param {Schema} body */
function fieldsOf({ properties = {} }) {
  return Object.entries(properties)
    .map(([name, { type, enum: choices, description, minLength, maxLength, default: byDefault }]) => {
      const kind = choices
        ? choices.map((each) => `\`'${String(each)}'\``).join(' or ')
        : type === 'string'
          ? 'text'
          : String(type);
      const least = (minLength ?? 0) > 1 ? `at least ${minLength} characters` : '';
      const most = maxLength === undefined ? '' : `at most ${maxLength} characters`;
      const initial =
        byDefault === undefined ? '' : `default \`${JSON.stringify(byDefault).replaceAll('"', "'")}\``;
      const rules = [kind, least, most, initial].filter((rule) => rule !== '').join(', ');
      return wrap(`- \`${name}\`: ${rules}.${description ? ` ${description}` : ''}`, '  ').replace(/^/, '  ');
    })
    .join('\n');
}

/**
 * @param {Answer & { $ref?: string }} answer
 * @param {Description['components']} components
 */
function codesOf({ $ref, ...inline }, components) {
  const response = $ref ? components.responses[/** @type {string} */ ($ref.split('/').at(-1))] : inline;
  const codes = Object.keys(response?.content?.['application/json'].examples ?? {});
  return codes.map((code) => `[\`${code}\`](../errors.md#${code.toLowerCase()})`).join(', ');
}

/**
 * @param {Schema} schema
 * @param {Description['components']} components
 * @returns {Schema}
 */
function resolve(schema, components) {
  if (!schema.$ref) return schema;
  return components.schemas[/** @type {string} */ (schema.$ref.split('/').at(-1))] ?? {};
}

/** @param {string} text */
const lowerFirst = (text) => text.charAt(0).toLowerCase() + text.slice(1);
