import request, { type Response } from 'supertest';
import { en } from '../../../src/messages/en';
import { ko } from '../../../src/messages/ko';
import type { MessageKey } from '../../../src/messages/messages';
import { PASSWORD } from '../../helpers/apps/app';
import { CODES, createLanguageApp, EXPRESSES } from '../../helpers/apps/language-app';

const ann = { username: 'ann', password: PASSWORD };
const LANGUAGES = { en, ko };

/** The messages about fields, written out a second time so no change goes unnoticed. */
const FIELD_MESSAGES: Partial<Record<MessageKey, { en: string; ko: string }>> = {
  required: { en: 'is required', ko: '필수 항목입니다.' },
  notKnown: { en: 'is not known', ko: '알 수 없는 항목입니다.' },
  notEmpty: { en: 'must not be empty', ko: '비워 둘 수 없습니다.' },
  mustBeString: { en: 'must be a string', ko: '문자열이어야 합니다.' },
  mustBeBoolean: { en: 'must be true or false', ko: 'true 또는 false여야 합니다.' },
  mustBeObject: { en: 'Invalid input: expected object, received array', ko: 'JSON 객체여야 합니다.' },
  mustBeTransport: { en: "must be 'cookie' or 'body'", ko: "'cookie' 또는 'body'여야 합니다." },
  tooShort: { en: 'must be at least 8 characters long', ko: '8자 이상이어야 합니다.' },
  tooLong: { en: 'must be at most 254 characters long', ko: '254자 이하여야 합니다.' },
  tooManyBytes: { en: 'must be at most 72 bytes long in UTF-8', ko: 'UTF-8로 72바이트 이하여야 합니다.' },
  noNul: { en: 'must not contain NUL', ko: 'NUL 문자는 사용할 수 없습니다.' },
  wellFormed: { en: 'must be well-formed Unicode', ko: '올바른 유니코드 문자열이어야 합니다.' },
  noControlCharacters: { en: 'must not contain control characters', ko: '제어 문자는 사용할 수 없습니다.' },
  noInvisibleCharacters: {
    en: 'must not contain invisible characters',
    ko: '보이지 않는 문자는 사용할 수 없습니다.',
  },
  commonPassword: {
    en: 'is one of the most common passwords: choose another',
    ko: '너무 흔한 비밀번호입니다. 다른 비밀번호를 사용해야 합니다.',
  },
  differFromUsername: { en: 'must differ from the username', ko: '아이디와 달라야 합니다.' },
  idempotencyKey: {
    en: 'must be 1 to 128 visible ASCII characters',
    ko: '공백을 제외하고 화면에 표시되는 ASCII 문자 1~128자여야 합니다.',
  },
};

/** A request that breaks each rule, and the field at fault. Each has a bad `Idempotency-Key`, which only /refresh reads. */
const BREACHES: [key: MessageKey, endpoint: string, body: object, path: string][] = [
  ['required', 'register', { username: 'ann' }, 'password'],
  ['notKnown', 'login', { ...ann, rol: 'admin' }, 'rol'],
  ['notEmpty', 'login', { ...ann, password: '' }, 'password'],
  ['mustBeString', 'login', { ...ann, username: 5 }, 'username'],
  ['mustBeString', 'refresh', { refreshToken: 5 }, 'refreshToken'],
  ['mustBeBoolean', 'login', { ...ann, remember: 'yes' }, 'remember'],
  ['mustBeObject', 'login', ['ann'], 'body'],
  ['mustBeTransport', 'login', { ...ann, transport: 'post' }, 'transport'],
  ['tooShort', 'register', { ...ann, password: '7 chars' }, 'password'],
  ['tooLong', 'register', { ...ann, username: 'x'.repeat(255) }, 'username'],
  ['tooManyBytes', 'register', { ...ann, password: 'long enough '.repeat(7) }, 'password'],
  ['noNul', 'login', { ...ann, password: 'a\0b' }, 'password'],
  ['wellFormed', 'login', { ...ann, password: '\ud800' }, 'password'],
  ['noControlCharacters', 'register', { ...ann, username: 'a\u0007b' }, 'username'],
  ['noInvisibleCharacters', 'register', { ...ann, username: 'ann\u200b' }, 'username'],
  ['commonPassword', 'register', { ...ann, password: 'password1' }, 'password'],
  ['differFromUsername', 'register', { username: PASSWORD, password: PASSWORD }, 'password'],
  ['idempotencyKey', 'refresh', {}, 'Idempotency-Key'],
];

test('this test covers every message about a field', () => {
  const keys = Object.keys(en);
  // Only features and stores over a table of the app's break these: test/features/email-account/reset.test.ts,
  // test/features/second-factor/login.test.ts, trusted-devices.test.ts, test/features/passkeys/login.test.ts,
  // test/libs/drivers.slow.ts.
  const ofOthers = [
    'mustBeAddress',
    'mustBeTotpCode',
    'mustBeRecoveryCode',
    'mustBeAlone',
    'mustNotComeWith',
    'mustHaveCookies',
    'mustHaveOneOf',
    'mustBeCredential',
    'unsupportedCharacters',
  ];
  const ofFields = keys.slice(keys.indexOf('required')).filter((key) => !ofOthers.includes(key));
  expect(Object.keys(FIELD_MESSAGES)).toEqual(ofFields);
  expect([...new Set(BREACHES.map(([key]) => key))]).toEqual(ofFields);
});

describe.each(EXPRESSES)('%s', (which) => {
  const { app, auth, users } = createLanguageApp(which);
  const client = () => request(app);
  afterAll(() => auth.close());

  describe.each(['en', 'ko'] as const)('in %s', (language) => {
    const texts = LANGUAGES[language];
    const expectLanguage = ({ headers }: Response) =>
      expect(headers).toMatchObject({ 'content-language': language, vary: 'Accept-Language' });
    const clientFor = () => request.agent(app).set('Accept-Language', language);

    test.each(CODES)('%s has its message', async (code) => {
      const response = await clientFor().get(`/fail/${code}`);
      expect(response.body).toEqual({ code, message: texts[code] });
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
      expectLanguage(response);
      const inEnglish = await client().get(`/fail/${code}`);
      expect(response.headers['www-authenticate']).toBe(inEnglish.headers['www-authenticate']);
      expect(response.headers['www-authenticate'] ?? '').toMatch(/^[\x20-\x7e]*$/);
    });

    test.each(BREACHES)('%s at /%s', async (key, endpoint, body, path) => {
      const response = await clientFor().post(`/auth/${endpoint}`).set('Idempotency-Key', 'a b').send(body);
      expect(response.body).toMatchObject({ code: 'VALIDATION_FAILED', message: texts.VALIDATION_FAILED });
      expect(response.body.errors).toContainEqual({ path, message: FIELD_MESSAGES[key]?.[language] });
      expectLanguage(response);
    });

    test('every success has its message', async () => {
      const user = { ...ann, username: `ann-${language}` };
      const browser = clientFor();
      const expectSuccess = (response: Response, message: string) => {
        expect(response.body.message).toBe(message);
        expectLanguage(response);
      };
      const change = { currentPassword: PASSWORD, newPassword: PASSWORD };
      expectSuccess(await browser.post('/auth/register').send(user), texts.registrationSuccessful);
      expectSuccess(await browser.post('/auth/login').send(user), texts.loginSuccessful);
      expectSuccess(await browser.post('/auth/refresh'), texts.tokenRefreshed);
      expectSuccess(await browser.post('/auth/password').send(change), texts.passwordChanged);
      expectSuccess(await browser.post('/auth/logout'), texts.userLogout);
      await browser.post('/auth/login').send(user);
      expectSuccess(await browser.post('/auth/logout-all'), texts.loggedOutEverywhere);
      const { id = '' } = (await users.findByUsername(user.username)) ?? {};
      expectSuccess(await clientFor().get('/complete').query({ id }), texts.loginSuccessful);
    });

    test('refusals have their message from the router, a guard, a guard that asks the store and completeLogin', async () => {
      const { accessToken } = (
        await clientFor()
          .post('/auth/login')
          .send({ ...ann, username: `ann-${language}`, transport: 'body' })
      ).body;
      const bearer = { Authorization: `Bearer ${accessToken}` };
      const refusals: [Response, MessageKey][] = [
        [
          await clientFor().post('/auth/login').send({ username: 'nobody', password: 'x' }),
          'INVALID_CREDENTIALS',
        ],
        [await clientFor().post('/auth/refresh'), 'NO_REFRESH_TOKEN'],
        [await clientFor().get('/profile'), 'NO_ACCESS_TOKEN'],
        [await clientFor().get('/admin').set(bearer), 'FORBIDDEN'],
        [await clientFor().get('/stored').set('Authorization', 'Bearer x'), 'ACCESS_TOKEN_INVALID'],
        [await clientFor().delete('/auth/sessions/%ff').set(bearer), 'SESSION_NOT_FOUND'],
        [await clientFor().get('/complete?id=nobody'), 'INVALID_CREDENTIALS'],
      ];
      for (const [response, code] of refusals) {
        expect(response.body).toEqual({ code, message: texts[code] });
        expectLanguage(response);
      }
    });
  });

  test.each<[string | undefined, string]>([
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['ko', 'ko'],
    ['KO-kr', 'ko'],
    ['ko-KR,ko;q=0.9,en;q=0.8', 'ko'],
    ['en-US,en;q=0.9,ko;q=0.8', 'en'],
    ['en;q=0.8,ko', 'ko'],
    ['fr', 'en'],
    ['fr, ko;q=0.2', 'ko'],
    ['en;q=0', 'en'],
    ['en;q=0, *', 'ko'],
    ['ko;q=0', 'en'],
    ['ko;q=many', 'en'],
    ['__proto__, constructor', 'en'],
    [';;==,"ko', 'en'],
    ['x,'.repeat(5000), 'en'],
    [`ko,${';q="\\'.repeat(2000)}`, 'en'],
  ])('Accept-Language %j gets %s, also the second time', async (header, language) => {
    for (const _time of [1, 2]) {
      const response = await client()
        .get('/profile')
        .set(header === undefined ? {} : { 'Accept-Language': header });
      expect([response.status, response.headers['content-language']]).toEqual([401, language]);
      expect(response.body.message).toBe(LANGUAGES[language as 'en'].NO_ACCESS_TOKEN);
    }
  });

  test('responses without a message have no language headers', async () => {
    const bob = { username: 'bob', password: PASSWORD };
    const { id } = (await client().post('/auth/register').send(bob)).body.user;
    const browser = request.agent(app).set('Accept-Language', 'ko');
    const redirect = await browser.get('/complete-redirect').query({ id });
    expect(redirect.status).toBe(303);
    const silent = [redirect, await browser.get('/profile'), await browser.get('/auth/check')];
    for (const { headers } of silent) {
      // Express itself varies a redirect by Accept.
      expect(headers['vary'] ?? '').not.toContain('Accept-Language');
      expect(headers).not.toHaveProperty('content-language');
    }
  });

  test('other values of Vary survive', async () => {
    const response = await client().get('/varied');
    expect([response.status, response.headers['vary']]).toEqual([401, 'Origin, Accept-Language']);
  });

  test('HEAD has the headers of GET', async () => {
    const response = await client().head('/profile').set('Accept-Language', 'ko');
    expect(response.status).toBe(401);
    expect(response.text).toBeUndefined();
    expect(response.headers).toMatchObject({ 'content-language': 'ko', vary: 'Accept-Language' });
  });
});
