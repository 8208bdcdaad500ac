import { useAnn } from '../../helpers/apps/registered-user';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const testApp = createTestApp({ limits: { register: false } });
const ann = useAnn(testApp);

/** Every endpoint that takes JSON, and a body that it accepts. */
const ENDPOINTS: [verb: 'post' | 'delete', path: string, good: object][] = [
  ['post', '/register', { username: 'bob', password: PASSWORD }],
  ['post', '/login', { username: 'ann', password: PASSWORD, remember: true, transport: 'body' }],
  ['post', '/refresh', { refreshToken: 'x' }],
  ['post', '/logout', { refreshToken: 'x' }],
  ['post', '/logout-all', {}],
  ['post', '/password', { currentPassword: PASSWORD, newPassword: PASSWORD }],
  ['delete', '/sessions', {}],
  ['delete', '/sessions/some-id', {}],
];

/** Sends a text, because an object literal can't have a member `__proto__`. */
function send(verb: 'post' | 'delete', path: string, body: string) {
  const request = testApp.client()[verb](`/auth${path}`).auth(ann.accessToken, { type: 'bearer' });
  return request
    .type('json')
    .serialize((same: unknown) => same as string)
    .send(body);
}

/** The JSON of `good`, with these members at its end. */
const withMore = (good: object, members: string) =>
  JSON.stringify(good).replace(/\}$/, `${Object.keys(good).length > 0 ? ',' : ''}${members}}`);

describe.each(ENDPOINTS)('%s %s', (verb, path, good) => {
  test.each(['rol', 'Username', '__proto__', 'constructor', 'toString'])(
    'refuses the unknown member %s by name',
    async (name) => {
      const response = await send(verb, path, withMore(good, `"${name}": {"roles": ["admin"]}`));
      expectFailure(response, 'VALIDATION_FAILED', [name]);
      expect(response.body.errors).toEqual([{ path: name, message: 'is not known' }]);
      expect(({} as { roles?: unknown }).roles).toBeUndefined();
    },
  );
});

test('a refused request has done nothing', async () => {
  for (const [verb, path, good] of ENDPOINTS) await send(verb, path, withMore(good, '"rol": 1'));
  expect(testApp.unforeseen).toEqual([]);
  expect((await send('post', '/register', JSON.stringify(ENDPOINTS[0]?.[2]))).status).toBe(201);
  expect((await testApp.client().get('/profile').auth(ann.accessToken, { type: 'bearer' })).status).toBe(200);
});

test('what is wrong with known fields comes first', async () => {
  const response = await send('post', '/login', '{"rol": 1, "username": "ann", "transport": "post"}');
  const { errors } = response.body as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path)).toEqual(['password', 'transport', 'rol']);
});

test('of thousands of unknown members the answer names ten', async () => {
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`m${index}`, 1]));
  const response = await send('post', '/refresh', JSON.stringify(many));
  expectFailure(response, 'VALIDATION_FAILED', ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']);
});

test('a name from outside is shown in one line, and cut', async () => {
  const names = ['a\u202eb\n', 'x'.repeat(16_000)];
  const response = await send('post', '/refresh', JSON.stringify({ [names[0] as string]: 1 }));
  expectFailure(response, 'VALIDATION_FAILED', ['a\\u{202e}b\\u{a}']);
  const long = await send('post', '/refresh', JSON.stringify({ [names[1] as string]: 1 }));
  expectFailure(long, 'VALIDATION_FAILED', ['x'.repeat(64)]);
});

test('a body without members is fine where none is needed', async () => {
  for (const [verb, path] of ENDPOINTS.filter(([, , good]) => Object.keys(good).length === 0)) {
    const { accessToken } = await testApp.tokensOf('ann');
    const request = testApp.client()[verb](`/auth${path}`).auth(accessToken, { type: 'bearer' });
    expect([200, 404]).toContain((await request.send({})).status);
  }
});

test('the description says that no other members are allowed', () => {
  const { paths, components } = testApp.auth.openapi();
  const bodies = Object.values(paths).flatMap((path) =>
    Object.values(path as Record<string, { requestBody?: { content: Record<string, { schema: object }> } }>),
  );
  const references = bodies.flatMap(({ requestBody }) =>
    Object.values(requestBody?.content ?? {}).map(({ schema }) => (schema as { $ref: string }).$ref),
  );
  expect(new Set(references).size).toBe(4);
  for (const reference of references) {
    const name = reference.split('/').at(-1) as string;
    expect((components.schemas as Record<string, object>)[name]).toMatchObject({
      additionalProperties: false,
    });
  }
});
