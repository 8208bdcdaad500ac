import { generateKeyPairSync } from 'node:crypto';
import { createAuth, type AuthOptions } from '../../src';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { optionsWith } from '../helpers/apps/options';

const documentOf = (changes: Record<string, unknown> = {}, options?: object) => {
  const auth = createAuth(optionsWith(changes));
  void auth.close();
  return auth.openapi(options);
};

test('the default server is /auth, where the examples mount the router', () => {
  const { openapi, info, servers } = documentOf();
  expect({ openapi, ...info, servers }).toMatchObject({
    ...{ openapi: '3.1.0', title: 'Authentication', version: '1.0.0', servers: [{ url: '/auth' }] },
  });
});

test('options of createAuth apply, and options of the call take precedence', () => {
  const servers = [{ url: 'https://api.example.com/auth', description: 'Production' }];
  const document = documentOf({ openapi: { title: 'ACME', version: '7', servers } }, { version: '8' });
  expect(document).toMatchObject({ info: { title: 'ACME', version: '8' }, servers });
  expect(documentOf({ openapi: { servers } }, { mountPath: '/else' }).servers).toEqual(servers);
  expect(documentOf({}, { mountPath: '/account' }).servers).toEqual([{ url: '/account' }]);
});

test.each([
  [
    { mountpath: '/auth' },
    /openapi\(\): Unknown option mountpath: known are title, version, servers, mountPath \(did you mean mountPath\?\)/,
  ],
  [{ mountPath: 'auth' }, /must be a path that begins with '\/'/],
  [{ servers: [] }, /servers/],
])('openapi() refuses %j', (options, message) => {
  expect(() => documentOf({}, options)).toThrow(message);
});

test('each call returns a new object at every level', () => {
  const auth = createAuth(optionsWith());
  void auth.close();
  const before = JSON.stringify(auth.openapi());
  const mine = auth.openapi();
  mine.paths['/login'] = {};
  mine.components.schemas['AuthUser']!['properties'].id.type = 'integer';
  mine.components.headers['AuthNoStore']!['required'] = false;
  mine.tags.length = 0;
  expect(JSON.stringify(auth.openapi())).toBe(before);
});

test('the document is plain JSON', () => {
  const document = documentOf();
  expect(JSON.parse(JSON.stringify(document))).toEqual(document);
});

test('the document contains no secrets, keys or store details', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const keys = [privateKey, publicKey].flatMap((pem) => pem.split('\n').filter((line) => line.length > 40));
  const documents = [
    documentOf({ 'accessToken.issuer': 'the-issuer', trustedOrigins: ['https://partner.example.com'] }),
    documentOf({ 'accessToken.secret': { privateKey, publicKey }, 'accessToken.algorithm': 'RS256' }),
  ].map((document) => JSON.stringify(document));
  for (const needle of [
    ACCESS_SECRET,
    REFRESH_SECRET,
    ...keys,
    'BEGIN',
    'the-issuer',
    'partner.example',
    'passwordHash',
  ])
    for (const document of documents) expect(document).not.toContain(needle);
});

interface Operation {
  operationId: string;
  summary: string;
  description: string;
}

describe('for readers', () => {
  const document = documentOf();
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item) as Operation[]);

  test('every operation has a name, a short summary without a full stop, and a description in sentences', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { summary, description } of operations) {
      expect(summary).toMatch(/^[A-Z].{4,60}[^.]$/);
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });

  test('every failure has an example of each code', () => {
    for (const { content } of Object.values(document.components.responses)) {
      const text = JSON.stringify(content['application/json'].schema);
      for (const [code, { value }] of Object.entries<{ value: object }>(
        content['application/json'].examples,
      )) {
        expect(value).toMatchObject({ code });
        expect(text).toContain(code === 'VALIDATION_FAILED' ? 'AuthValidationFailure' : code);
      }
    }
  });

  test('every string and number in a response or body has an example, unless it is self-explanatory', () => {
    const bare: string[] = [];
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a JSON Schema, as it comes
    const visit = (where: string, schema: any): void => {
      for (const [name, member] of Object.entries<typeof schema>(schema.properties ?? {}))
        visit(`${where}.${name}`, member);
      for (const one of schema.oneOf ?? []) visit(where, one);
      const isSelfExplanatory = 'const' in schema || 'enum' in schema || 'examples' in schema;
      const needsOne = ['string', 'integer'].includes([schema.type].flat()[0]) && !isSelfExplanatory;
      if (needsOne && !/\.(message|errors)$/.test(where)) bare.push(where);
    };
    for (const [name, schema] of Object.entries(document.components.schemas)) visit(name, schema);
    expect(bare).toEqual([]);
  });
});

describe('the document describes GET /openapi.json', () => {
  const described = (openapi: AuthOptions['openapi']) => {
    const auth = createAuth(optionsWith({ openapi }));
    void auth.close();
    return auth.openapi();
  };

  test.each<[string, AuthOptions['openapi']]>([
    ['true', true],
    ['the texts of the app', { title: 'ACME' }],
  ])('where the option is %s, with its schema and its cache header', (_case, openapi) => {
    const { paths, components, tags } = described(openapi);
    const { security, responses } = paths['/openapi.json']?.['get'] as Record<string, unknown>;
    expect(security).toEqual([]);
    expect(responses).toEqual({
      200: {
        description: 'The description.',
        headers: { 'Cache-Control': { $ref: '#/components/headers/AuthNoCache' } },
        content: { 'application/json': { schema: { $ref: '#/components/schemas/AuthOpenApiResponse' } } },
      },
    });
    expect(components.headers['AuthNoCache']).toMatchObject({ schema: { const: 'no-cache' } });
    expect(components.schemas['AuthOpenApiResponse']).toMatchObject({ type: 'object' });
    expect(tags.at(-1)).toEqual({ name: 'Description', description: 'This document.' });
  });

  test.each([false, undefined])('nowhere where the option is %s', (openapi) => {
    expect(JSON.stringify(described(openapi))).not.toMatch(/openapi\.json|AuthOpenApi|AuthNoCache/);
  });
});
