import express from 'express';
import request from 'supertest';
import { createAuth, type Auth, type OpenApiDocument } from '../../src';
import { PASSWORD } from '../helpers/apps/app';
import { describedRouter, takeViolations } from '../helpers/apps/described-router';
import { optionsWith } from '../helpers/apps/options';

/** `createTestApp` compares all responses in other tests with the description. These tests prove that this can fail. */
const opened: Auth[] = [];
afterAll(() => Promise.all(opened.map((auth) => auth.close())));

function appDescribedBy(change: (document: OpenApiDocument) => void) {
  const auth = createAuth(optionsWith({ 'password.cost': 10 }));
  opened.push(auth);
  const document = auth.openapi();
  change(document);
  const app = express();
  app.use(
    '/auth',
    describedRouter(auth, () => document),
  );
  return request(app);
}

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return -- the objects of OpenAPI, as they come */
const schemas = (document: OpenApiDocument) => document.components.schemas as Record<string, any>;
const responses = (document: OpenApiDocument) => document.components.responses as Record<string, any>;
const register = (client: ReturnType<typeof request>) =>
  client.post('/auth/register').send({ username: 'ann', password: PASSWORD });
const refresh = (client: ReturnType<typeof request>) => client.post('/auth/refresh');

describe('a wrong description is detected:', () => {
  test.each<[string, (document: OpenApiDocument) => void, typeof register, RegExp]>([
    ['no such path', ({ paths }) => delete paths['/refresh'], refresh, /no such operation/],
    ['no such verb', ({ paths }) => delete paths['/refresh']!['post'], refresh, /no such operation/],
    [
      'no such status',
      ({ paths }) => delete paths['/refresh']!['post'].responses['401'],
      refresh,
      /the status 401 is not described/,
    ],
    [
      'a code that is not named',
      (document) =>
        (responses(document)['AuthRefreshRefused'].content['application/json'].schema.properties.code.enum = [
          'OTHER',
        ]),
      refresh,
      /the body: .*code/,
    ],
    [
      'an extra member in a response, such as a password hash',
      (document) => {
        delete schemas(document)['AuthUser'].properties.roles;
        schemas(document)['AuthUser'].required = ['id', 'username'];
      },
      register,
      /must NOT have additional properties/,
    ],
    [
      'a missing member',
      (document) => schemas(document)['AuthUser'].required.push('email'),
      register,
      /email/,
    ],
    [
      'a wrong type',
      (document) => (schemas(document)['AuthUser'].properties.id.type = 'integer'),
      register,
      /integer/,
    ],
    [
      'a missing header',
      (document) =>
        (responses(document)['AuthRefreshRefused'].headers['Retry-After'] = {
          $ref: '#/components/headers/AuthRetryAfter',
        }),
      refresh,
      /Retry-After is missing/,
    ],
    [
      'a header that is not described',
      (document) => delete responses(document)['AuthRefreshRefused'].headers['WWW-Authenticate'],
      refresh,
      /WWW-Authenticate is not described/,
    ],
    [
      'a header with another value',
      (document) => (document.components.headers['AuthNoStore']!['schema'].const = 'public'),
      refresh,
      /Cache-Control: "no-store"/,
    ],
    [
      'a body where none is described',
      ({ paths }) => delete paths['/register']!['post'].responses['201'].content,
      register,
      /a body where none/,
    ],
  ])('%s', async (_case, change, send, violation) => {
    expect([201, 401]).toContain((await send(appDescribedBy(change))).status);
    const violations = takeViolations();
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatch(violation);
  });

  test('the right description causes no violation', async () => {
    const client = appDescribedBy(() => undefined);
    expect((await register(client)).status).toBe(201);
    expect((await refresh(client)).status).toBe(401);
    expect(takeViolations()).toEqual([]);
  });

  test('responses that the router leaves to the app are not compared', async () => {
    expect((await appDescribedBy(() => undefined).get('/auth/nothing')).status).toBe(404);
    expect((await appDescribedBy(() => undefined).head('/auth/refresh')).status).toBe(405);
    expect(takeViolations()).toEqual([]);
  });
});
