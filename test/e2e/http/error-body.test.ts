import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Request, Response } from 'express';
import request from 'supertest';
import { createAuth, type AuthOptions, type ErrorBody } from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { optionsWith } from '../../helpers/apps/options';

/** RFC 9457. */
const problem: AuthOptions['errorBody'] = {
  body: (error, req) => ({
    type: `https://example.com/problems/${error.code}`,
    title: textOf(error, req),
    status: error.status,
    ...(error.errors && {
      errors: error.errors.map((each) => ({ detail: each.message, pointer: `#/${each.path}` })),
    }),
  }),
  contentType: 'application/problem+json',
  schema: {
    type: 'object',
    properties: { type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' } },
    required: ['type', 'title', 'status'],
  },
};
const problems: TestApp = createTestApp({ errorBody: problem });
const textOf: ErrorBody = (error, req) => problems.auth.textOf(error, req);

afterAll(() => problems.auth.close());

test('fields that an errorBody or a route of the app hands on as they are have no rule in JSON', async () => {
  const { app, auth } = createTestApp(
    { errorBody: ({ errors }) => ({ errors }) },
    (express, { passwords }) => {
      express.get('/problems', (_req, res) => res.json(passwords.problems('short')));
    },
  );
  const answers = [
    (await request(app).post('/auth/login').send({ username: 'ann' })).body as { errors: object[] },
    { errors: (await request(app).get('/problems')).body as object[] },
  ];
  expect(answers.map(({ errors }) => errors.map(Object.keys))).toEqual([
    [['path', 'message']],
    [['path', 'message']],
  ]);
  await auth.close();
});

test('every failure of router and guards has the shape of the app, and keeps its status and headers', async () => {
  await problems.register('ann');
  const login = (body: object) => problems.client().post('/auth/login').send(body);
  const wrong = await login({ username: 'ann', password: 'wrong' });
  expect([wrong.status, wrong.body]).toEqual([
    401,
    {
      type: 'https://example.com/problems/INVALID_CREDENTIALS',
      title: 'Invalid username or password',
      status: 401,
    },
  ]);
  expect(wrong.headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/problem\+json/),
    'www-authenticate': 'Bearer',
    'cache-control': 'no-store',
  });
  const invalid = await login({ username: 'ann' });
  expect([invalid.status, invalid.body.errors]).toEqual([
    400,
    [{ detail: 'is required', pointer: '#/password' }],
  ]);
  const korean = await problems.client().get('/profile').set('Accept-Language', 'ko');
  expect([korean.status, korean.body.title, korean.headers['vary']]).toEqual([
    401,
    expect.stringMatching(/[가-힣]/),
    'Accept-Language',
  ]);
  expect((await problems.client().get('/auth/unknown')).status).toBe(404);
  expect((await login({ username: 'ann', password: PASSWORD })).status).toBe(200);
});

test('the OpenAPI document describes that shape, and promises no other', () => {
  const { components, info } = problems.auth.openapi();
  const text = JSON.stringify(components.responses);
  expect(components.schemas['AuthFailure']).toEqual((problem as { schema: object }).schema);
  expect(components.schemas).not.toHaveProperty('AuthValidationFailure');
  expect(text).toContain('application/problem+json');
  expect(text).not.toContain('"application/json"');
  expect(info.description).not.toContain('{ code, message }');
});

test('a guard outside Express writes that shape too', async () => {
  const server = createServer((req, res) => {
    void problems.auth.tokenVerify(req as Request, res as unknown as Response, () => res.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.close();
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ title: 'No access token', status: 401 });
});

test.each<[string, ErrorBody, string]>([
  [
    'throws',
    () => {
      throw new RangeError('of the app');
    },
    'of the app',
  ],
  ['returns nothing', () => undefined, 'errorBody returned undefined for NO_ACCESS_TOKEN'],
  ['returns a promise', () => Promise.resolve({}), 'errorBody returned a promise'],
  ['returns a text', () => 'a secret', 'errorBody returned a text for NO_ACCESS_TOKEN: it must'],
])(
  'a function that %s hands the error to the app, and answers nothing',
  async (_kind, errorBody, message) => {
    const testApp = createTestApp({ errorBody });
    const response = await testApp.client().get('/profile');
    expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
    expect(testApp.unforeseen.pop()).toMatchObject({ message: expect.stringContaining(message) });
    await testApp.auth.close();
  },
);

test.each([
  ['a text', 'problem', 'errorBody must be a function, or { body: a function'],
  ['an unknown member', { body: () => ({}), type: 'x' }, 'errorBody'],
  [
    'another media type',
    { body: () => ({}), contentType: 'json' },
    'errorBody.contentType must be a media type such as',
  ],
])('%s is a TypeError at start that names the option', (_kind, errorBody, message) => {
  expect(() => createAuth(optionsWith({ errorBody }))).toThrow(message);
});
