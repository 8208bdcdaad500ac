import cookieParser from 'cookie-parser';
import express from 'express';
import request from 'supertest';
import { readCookies } from '../../src/http/cookies';

/** Reads a cookie from a `Cookie` header, without and with the app's own cookie-parser before it. */
async function read(header: string | undefined, name = 'accessToken'): Promise<unknown[]> {
  const app = express();
  const answer: express.RequestHandler = (req, res) => {
    res.json({ value: readCookies(req, name)[0] ?? null, parsed: req.cookies !== undefined });
  };
  app.get('/bare', answer);
  app.get('/parsed', cookieParser('a secret for signed cookies'), answer);
  const answers = await Promise.all(
    ['/bare', '/parsed'].map((path) => {
      const pending = request(app).get(path);
      return header === undefined ? pending : pending.set('Cookie', header);
    }),
  );
  expect(answers.map(({ body }) => (body as { parsed: boolean }).parsed)).toEqual([false, true]);
  return answers.map(({ body }) => (body as { value: unknown }).value);
}

test.each([
  ['is present', 'other=1; accessToken=a.b.c; more=2', 'a.b.c'],
  ['has white space around its name', 'other=1;\t accessToken =a.b.c', 'a.b.c'],
  ['has a name that is part of others', 'xaccessToken=1; accessTokenx=2; accessToken=a', 'a'],
  ['follows one without a value', 'flag; accessToken=a', 'a'],
  ['is encoded', 'accessToken=a%2Eb', 'a.b'],
  ['follows one whose name differs by a no-break space', '\u00a0accessToken=evil; accessToken=a', 'a'],
  ['comes twice (the first counts)', 'accessToken=first; accessToken=second', 'first'],
  ['follows one with a no-break space in its name', '\xa0accessToken=other; accessToken=a', 'a'],
  ['is missing', 'other=1', null],
  ['is empty', 'accessToken=', null],
  ['has another case', 'accesstoken=a.b.c', null],
  ['has no header', undefined, null],
  ["can't be decoded (it is passed on as an invalid token)", 'accessToken=%E0%A4%A', '%E0%A4%A'],
])('readCookies reads a cookie that %s', async (_name, header, expected) => {
  expect(await read(header)).toEqual([expected, expected]);
});

test('a cookie that cookie-parser turns into an object counts as an invalid token, not as missing', async () => {
  const [bare, parsed] = await read('accessToken=j%3A%7B%22a%22%3A1%7D');
  expect(bare).toBe('j:{"a":1}');
  expect(parsed).toBe('j:');
});
