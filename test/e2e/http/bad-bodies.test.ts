import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import express, { type Express } from 'express';
import { useAnn } from '../../helpers/apps/registered-user';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { expectFailure, type FailureName } from '../../helpers/failures';

type Headers = Record<string, string>;

const testApp = createTestApp();
const ann = useAnn(testApp);

/** The endpoints that read a body. */
const ENDPOINTS = ['register', 'login', 'refresh', 'logout', 'password'];

/** Sends `body` unchanged, as text or bytes. */
const post = (endpoint: string, body: string | Buffer, headers: Headers = {}, from = testApp) => {
  const authorization: Headers =
    endpoint === 'password' ? { Authorization: `Bearer ${ann.accessToken}` } : {};
  return from
    .client()
    .post(`/auth/${endpoint}`)
    .set({ 'Content-Type': 'application/json', ...authorization, ...headers })
    .serialize((same: unknown) => same as string)
    .send(body as string);
};

const utf16 = 'application/json; charset=utf-16';
const big = JSON.stringify({ filler: 'x'.repeat(17_000) });
const bodies: [string, FailureName, string | Buffer, Headers?][] = [
  ['half an object', 'MALFORMED_BODY', '{"username":'],
  ['a trailing comma', 'MALFORMED_BODY', '{"username":"a",}'],
  ['white space', 'MALFORMED_BODY', '  \n'],
  ['a text', 'VALIDATION_FAILED', '"text"'],
  ['a number', 'VALIDATION_FAILED', '1'],
  ['false', 'VALIDATION_FAILED', 'false'],
  ['null', 'VALIDATION_FAILED', 'null'],
  ['bytes that are not UTF-8', 'MALFORMED_BODY', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['a broken gzip', 'BROKEN_ENCODING', Buffer.from('not gzip'), { 'Content-Encoding': 'gzip' }],
  ['UTF-8 that claims to be UTF-16', 'MALFORMED_BODY', '{}{}', { 'Content-Type': utf16 }],
  ['an array', 'VALIDATION_FAILED', '[{"username":"a"}]'],
  ['deeply nested arrays', 'VALIDATION_FAILED', '['.repeat(8000) + ']'.repeat(8000)],
  ['an unknown encoding', 'UNKNOWN_ENCODING', '{}', { 'Content-Encoding': 'rot13' }],
  ['an unknown charset', 'NOT_UTF8', '{}', { 'Content-Type': 'application/json; charset=x-y' }],
  ['a charset that JSON has not', 'NOT_UTF8', '{}', { 'Content-Type': 'application/json; charset=latin1' }],
  ['text/plain', 'UNSUPPORTED_MEDIA_TYPE', '{}', { 'Content-Type': 'text/plain' }],
  ['a form', 'FORM_ON_JSON_ENDPOINT', 'username=a', { 'Content-Type': 'application/x-www-form-urlencoded' }],
  [
    'a multipart form',
    'FORM_ON_JSON_ENDPOINT',
    '--x--',
    { 'Content-Type': 'multipart/form-data; boundary=x' },
  ],
  ['XML', 'UNSUPPORTED_MEDIA_TYPE', '<a/>', { 'Content-Type': 'application/xml' }],
  ['an invalid content type', 'UNSUPPORTED_MEDIA_TYPE', '{}', { 'Content-Type': 'json' }],
  ['17 kB', 'PAYLOAD_TOO_LARGE', big],
  ['a megabyte', 'PAYLOAD_TOO_LARGE', JSON.stringify({ filler: 'x'.repeat(1_000_000) })],
  [
    'a megabyte in a kilobyte of gzip',
    'PAYLOAD_TOO_LARGE',
    gzipSync('['.repeat(1_000_000)),
    { 'Content-Encoding': 'gzip' },
  ],
];

test.each([
  ['post', '/auth/logout-all'],
  ['delete', '/auth/sessions'],
  ['delete', '/auth/sessions/some-id'],
] as const)('%s %s refuses bodies that are not JSON, and does nothing', async (verb, path) => {
  await testApp.register(`body-${path}`);
  const browser = await testApp.loggedIn(`body-${path}`);
  const response = await browser[verb](path).set('Content-Type', 'text/plain').send('hello');
  expect([response.status, response.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  expect((await browser.post('/auth/refresh')).status).toBe(200);
});

/** POST /register takes a form too, and says so. */
const bodiesFor = (endpoint: string): typeof bodies =>
  endpoint !== 'register'
    ? bodies
    : bodies
        .filter(([what]) => what !== 'a form')
        .map(([what, code, ...rest]) => [what, AT_REGISTER[code] ?? code, ...rest]);
const AT_REGISTER: Partial<Record<FailureName, FailureName>> = {
  UNSUPPORTED_MEDIA_TYPE: 'NO_FORM',
  FORM_ON_JSON_ENDPOINT: 'MULTIPART_FORM',
};

describe.each(ENDPOINTS)('/%s with a bad body', (endpoint) => {
  // A rest parameter: with named ones, Jest would pass its callback in place of a value that a short row lacks.
  test.each(bodiesFor(endpoint))('%s: %s', async (...[, code, body, headers]) => {
    const paths = code === 'VALIDATION_FAILED' ? ['body'] : undefined;
    expectFailure(await post(endpoint, body, headers), code, paths);
  });
});

test('a form at an endpoint for JSON learns in Korean too what forms are for', async () => {
  const request = testApp.client().post('/auth/login').type('form').set('Accept-Language', 'ko');
  const response = await request.send({ username: 'ann' });
  expect([response.status, (response.body as { message: string }).message]).toEqual([
    415,
    expect.stringMatching(/^요청 본문은 .* auth\.login\(\)/),
  ]);
});

test('a body of exactly 16 kB is read, and one with a byte more is refused', async () => {
  const ofLength = (bytes: number) => JSON.stringify({ x: 'x'.repeat(bytes - 8) });
  expectFailure(await post('login', ofLength(16_384)), 'VALIDATION_FAILED', ['username', 'password', 'x']);
  expectFailure(await post('login', ofLength(16_385)), 'PAYLOAD_TOO_LARGE');
});

test('good JSON in gzip, or with a byte order mark, is read', async () => {
  const json = JSON.stringify({ username: 'ann', password: PASSWORD });
  expect((await post('login', gzipSync(json), { 'Content-Encoding': 'gzip' })).status).toBe(200);
  expect(
    (await post('login', `\ufeff${json}`, { 'Content-Type': 'application/json; charset=UTF-8' })).status,
  ).toBe(200);
});

describe('in an app that has parsed the body already, with its own limits', () => {
  const parsing = createTestApp({}, () => undefined);
  const app: Express = express().use(
    express.json({ limit: '5mb', strict: false }),
    express.text(),
    parsing.app,
  );
  const send = (body: string | Buffer, headers: Headers) =>
    fetchFrom(app, '/auth/login', { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
  const json = { 'Content-Type': 'application/json' };

  test.each<[string, number, string, string | Buffer, Headers]>([
    ['17 kB', 413, 'PAYLOAD_TOO_LARGE', big, json],
    [
      'a megabyte of gzip',
      413,
      'PAYLOAD_TOO_LARGE',
      gzipSync(JSON.stringify({ x: 'x'.repeat(1e6) })),
      { ...json, 'Content-Encoding': 'gzip' },
    ],
    [
      'arrays nested too deeply to walk through',
      413,
      'PAYLOAD_TOO_LARGE',
      gzipSync('['.repeat(1e6) + ']'.repeat(1e6)),
      { ...json, 'Content-Encoding': 'gzip' },
    ],
    [
      'arrays of 8,000 levels, which fit',
      413,
      'PAYLOAD_TOO_LARGE',
      '['.repeat(8000) + ']'.repeat(8000),
      json,
    ],
    ['objects of 90 levels', 400, 'VALIDATION_FAILED', '{"x":'.repeat(90) + '1' + '}'.repeat(90), json],
    ['a number', 400, 'VALIDATION_FAILED', '1', json],
    ['null', 400, 'VALIDATION_FAILED', 'null', json],
    ['a text', 400, 'VALIDATION_FAILED', '"text"', json],
    ['text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE', '{}', { 'Content-Type': 'text/plain' }],
  ])('%s: %i %s', async (_what, status, code, body, headers) => {
    expect(await send(body, headers)).toEqual([status, expect.objectContaining({ code })]);
  });

  test('17 kB in chunks without a length are refused', async () => {
    const body = new Blob([big]).stream();
    const request = { method: 'POST', body, duplex: 'half', headers: json } as RequestInit;
    for (const each of [app, testApp.app]) {
      expect(await fetchFrom(each, '/auth/login', request)).toEqual([
        413,
        expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
      ]);
      Object.assign(request, { body: new Blob([big]).stream() });
    }
  });
});

/** Sends a body without a length, which supertest can't. */
async function fetchFrom(app: Express, path: string, init: RequestInit): Promise<[number, unknown]> {
  const server = app.listen(0);
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
    return [response.status, await response.json()];
  } finally {
    server.close();
  }
}
