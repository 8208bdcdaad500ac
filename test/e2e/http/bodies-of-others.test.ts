import type { AddressInfo } from 'node:net';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { json as readJson } from 'node:stream/consumers';
import express, { type RequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';

/** Bodies as proxies send them on, and as the app's own parsers leave them. */
const testApp = createTestApp({}, (app, auth) => {
  app.post('/login', auth.login());
  app.post('/logout', auth.logout());
});
const server = testApp.app.listen(0);

beforeAll(() => testApp.register('ann'));
afterAll(async () => {
  server.close();
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
});

type Answer = { status: number | undefined; body: { code?: string } };

/** Sends these chunks without a `Content-Length`. */
async function sendChunked(
  method: string,
  path: string,
  headers: Record<string, string>,
  chunks: string[],
): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const outgoing = httpRequest({
    port,
    path,
    method,
    headers: { 'Transfer-Encoding': 'chunked', ...headers },
  });
  for (const chunk of chunks) outgoing.write(chunk);
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const body = response.statusCode === 204 || response.statusCode === 303 ? {} : await readJson(response);
  return { status: response.statusCode, body: body as Answer['body'] };
}
const tokens = () => testApp.tokensOf('ann');

describe('an empty body in chunks counts as none', () => {
  const types: Record<string, string>[] = [
    {},
    { 'Content-Type': 'application/octet-stream' },
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': 'application/json' },
  ];
  test.each([
    ['POST', '/auth/refresh', 200],
    ['POST', '/auth/logout', 200],
    ['POST', '/auth/logout-all', 200],
    ['DELETE', '/auth/sessions', 200],
    ['DELETE', '/auth/sessions/x', 404],
    ['POST', '/logout', 303],
    ['POST', '/auth/login', 400],
    ['POST', '/auth/register', 400],
    ['POST', '/auth/password', 400],
    ['POST', '/login', 500],
  ])('at %s %s', async (method, path, status) => {
    for (const type of types) {
      const { accessToken, refreshToken } = await tokens();
      const headers = { ...type, Cookie: `accessToken=${accessToken}; refreshToken=${refreshToken}` };
      expect([type, (await sendChunked(method, path, headers, [])).status]).toEqual([type, status]);
    }
    // The form login's error went to the app, which has no handler for it.
    testApp.unforeseen.length = 0;
  });

  test('but one byte without a type is refused', async () => {
    const answer = await sendChunked('POST', '/auth/logout', {}, ['x']);
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  test('and JSON in chunks is read', async () => {
    const chunks = ['{"username":"ann",', `"password":"${PASSWORD}"}`];
    const answer = await sendChunked('POST', '/auth/login', { 'Content-Type': 'application/json' }, chunks);
    expect(answer.status).toBe(200);
  });
});

describe.each<[string, () => express.Express, RequestHandler]>([
  ['express.raw()', express, express.raw({ type: () => true, limit: '5mb' })],
  ['express.text()', express, express.text({ type: () => true, limit: '5mb' })],
  ['express.raw() of Express 4', express4, express4.raw({ type: () => true, limit: '5mb' })],
  ['express.text() of Express 4', express4, express4.text({ type: () => true, limit: '5mb' })],
])('%s before the router', (_what, create, parser) => {
  const app = create().use(parser, testApp.app as RequestHandler);
  const ann = { username: 'ann', password: PASSWORD };
  const post = (path: string, type = 'application/json') => request(app).post(path).type(type);

  test('leaves bodies that are read all the same', async () => {
    expect((await post('/auth/login').send(ann)).status).toBe(200);
    expect((await post('/login', 'form').send(ann)).status).toBe(303);
    const { refreshToken } = await tokens();
    expect((await post('/auth/refresh').send({ refreshToken })).status).toBe(200);
    expect((await request(app).post('/auth/logout')).status).toBe(200);
    expect((await request(app).post('/auth/logout').type('json').send('')).status).toBe(200);
  });

  test.each<[string, string, number, string]>([
    ['half an object', '{"username":', 400, 'MALFORMED_BODY'],
    ['an array', '[1]', 400, 'VALIDATION_FAILED'],
    ['17 kB', JSON.stringify({ x: 'x'.repeat(17_000) }), 413, 'PAYLOAD_TOO_LARGE'],
  ])('leaves %s refused', async (_body, text, status, code) => {
    const response = await post('/auth/login').send(text);
    expect([response.status, (response.body as { code: string }).code]).toEqual([status, code]);
  });

  test('leaves text/plain refused', async () => {
    const response = await post('/auth/login', 'text/plain').send(JSON.stringify(ann));
    expect(response.status).toBe(415);
  });
});
