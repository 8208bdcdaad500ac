import { createTestApp, PASSWORD } from '../../helpers/apps/app';

/** What the sender of a form or of JSON learns whose body can't be read: the reason, and not that of another body. */
const testApp = createTestApp({}, (app, auth) => {
  app.post('/register', auth.register(), auth.errorHandler);
  app.post('/login', auth.login(), auth.errorHandler);
});
afterAll(() => testApp.auth.close());

type Sent = [type: string, headers: Record<string, string>, body: string];
const FORM = 'application/x-www-form-urlencoded';

const charset: Sent[] = [
  ['application/json; charset=euc-kr', {}, '{}'],
  ['application/json; charset=iso-8859-1', {}, '{}'],
  [`${FORM}; charset=euc-kr`, {}, 'username=ann'],
];
const unknown: Sent[] = [
  ['application/json', { 'Content-Encoding': 'rot13' }, '{}'],
  [FORM, { 'Content-Encoding': 'rot13' }, 'username=ann'],
];
const broken: Sent[] = [
  ['application/json', { 'Content-Encoding': 'gzip' }, '{}'],
  [FORM, { 'Content-Encoding': 'deflate' }, 'username=ann'],
];
const others: Sent[] = [
  ['text/plain', {}, 'username=ann'],
  ['application/xml', {}, '<a/>'],
];
const multipart: Sent[] = [['multipart/form-data; boundary=x', {}, '--x--']];

describe.each(['/register', '/login', '/auth/register'])('at %s', (path) => {
  test.each<[what: string, sent: Sent[], status: number, en: string, ko: string]>([
    [
      'an unknown charset',
      charset,
      415,
      'The request body must be in UTF-8',
      '요청 본문은 UTF-8로 인코딩되어야 합니다.',
    ],
    [
      'an unknown Content-Encoding',
      unknown,
      415,
      'The Content-Encoding of the request body must be gzip or deflate, or there must be none',
      '요청 본문의 Content-Encoding은 gzip 또는 deflate이거나 없어야 합니다.',
    ],
    [
      'a body that is not compressed as it says',
      broken,
      400,
      'The request body is not compressed as its Content-Encoding says',
      '요청 본문이 Content-Encoding에 명시된 방식으로 압축되어 있지 않습니다.',
    ],
    [
      'text that is no form',
      others,
      415,
      'The request body must be application/x-www-form-urlencoded, as HTML forms send it, or application/json',
      '요청 본문은 HTML 폼의 기본 형식인 application/x-www-form-urlencoded 또는 application/json이어야 합니다.',
    ],
    [
      'multipart/form-data',
      multipart,
      415,
      'The request body must be application/x-www-form-urlencoded, as HTML forms send it, or application/json. multipart/form-data is not read',
      '요청 본문은 HTML 폼의 기본 형식인 application/x-www-form-urlencoded 또는 application/json이어야 합니다. multipart/form-data는 처리하지 않습니다.',
    ],
  ])('%s is refused in words of its own, in both languages', async (_what, sent, status, en, ko) => {
    for (const [type, headers, body] of sent)
      for (const [language, message] of Object.entries({ en, ko })) {
        const request = testApp.client().post(path).type(type).set('Accept-Language', language).set(headers);
        const answer = await request.serialize((same: unknown) => same as string).send(body);
        expect([type, answer.status, (answer.body as { message: string }).message]).toEqual([
          type,
          status,
          message,
        ]);
      }
  });

  test('a form of too many fields is too large, and not bad JSON', async () => {
    const answer = await testApp.client().post(path).type('form').send('a&'.repeat(1500));
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });
});

test('a form in UTF-8 that says so is read', async () => {
  const form = { username: 'uta', password: PASSWORD };
  const answer = await testApp.client().post('/register').type(`${FORM}; charset=UTF-8`).send(form);
  expect(answer.status).toBe(303);
});
