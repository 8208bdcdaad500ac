import request from 'supertest';
import { AuthError, type AuthOptions, type Locale, type Messages } from '../../../src/index';
import { en } from '../../../src/messages/en';
import { ko } from '../../../src/messages/ko';
import { createLanguageApp } from '../../helpers/apps/language-app';

const opened: { close(): Promise<void> }[] = [];
afterAll(() => Promise.all(opened.map((each) => each.close())));

/** An app with these options, and the messages of its responses. */
function appWith(options: Pick<AuthOptions, 'locale' | 'messages'>) {
  const { app, auth, users } = createLanguageApp('Express 5', options);
  opened.push(auth);
  const clientFor = (language?: string) =>
    request.agent(app).set(language === undefined ? {} : { 'Accept-Language': language });
  return {
    users,
    clientFor,
    async guard(language?: string): Promise<[message: string, locale: string | undefined]> {
      const { body, headers } = await clientFor(language).get('/profile');
      return [body.message, headers['content-language']];
    },
    async register(body: object, language?: string): Promise<string[]> {
      const response = await clientFor(language).post('/auth/register').send(body);
      return (response.body.errors as { message: string }[]).map(({ message }) => message);
    },
  };
}

test.each<[Locale, string]>([
  ['en', en.NO_ACCESS_TOKEN],
  ['ko', ko.NO_ACCESS_TOKEN],
])('locale %s sets the language of every response, so it depends on no header', async (locale, message) => {
  const { guard, clientFor } = appWith({ locale });
  for (const language of ['ko', 'en', '*', undefined])
    expect(await guard(language)).toEqual([message, locale]);
  expect((await clientFor('ko').get('/profile')).headers).not.toHaveProperty('vary');
  expect((await clientFor('ko').post('/auth/logout')).headers).not.toHaveProperty('vary');
});

test('an app can replace any text, and keeps the others', async () => {
  const { guard, register } = appWith({
    messages: {
      ko: { NO_ACCESS_TOKEN: '로그인이 필요합니다.', tooShort: '비밀번호는 {count}자부터, {count}자!' },
    },
  });
  expect(await guard('ko')).toEqual(['로그인이 필요합니다.', 'ko']);
  expect(await guard('en')).toEqual([en.NO_ACCESS_TOKEN, 'en']);
  expect(await register({ username: 'ann', password: 'sh0rt q' }, 'ko')).toEqual([
    '비밀번호는 8자부터, 8자!',
  ]);
  expect(await register({ username: 'ann' }, 'ko')).toEqual([ko.required]);
});

test("an app can add a language, whose missing texts are the app's English ones", async () => {
  const german: Partial<Messages> = { NO_ACCESS_TOKEN: 'Bitte melden Sie sich an.' };
  const { guard, register } = appWith({ messages: { de: german, en: { required: 'is missing' } } });
  expect(await guard('de-CH, en;q=0.5')).toEqual(['Bitte melden Sie sich an.', 'de']);
  expect(await guard('ko, de;q=0.5')).toEqual([ko.NO_ACCESS_TOKEN, 'ko']);
  expect(await guard('fr')).toEqual([en.NO_ACCESS_TOKEN, 'en']);
  expect(await register({ username: 'ann' }, 'de')).toEqual(['is missing']);
  expect(await appWith({ locale: 'de', messages: { de: german } }).guard()).toEqual([
    'Bitte melden Sie sich an.',
    'de',
  ]);
});

test('a dialect falls back to its language first, in any order', async () => {
  const { guard } = appWith({
    messages: { 'de-AT': {}, de: { NO_ACCESS_TOKEN: 'Kein Token' }, 'ko-KP': { FORBIDDEN: '안 됩니다.' } },
  });
  expect(await guard('de-AT')).toEqual(['Kein Token', 'de-AT']);
  expect(await guard('ko-KP')).toEqual([ko.NO_ACCESS_TOKEN, 'ko-KP']);
});

test('an undefined text replaces nothing', async () => {
  const messages = { ko: { NO_ACCESS_TOKEN: undefined } } as never;
  expect(await appWith({ messages }).guard('ko')).toEqual([ko.NO_ACCESS_TOKEN, 'ko']);
});

test("messages for fields that the app's own store refuses stay unchanged", async () => {
  const { users, clientFor } = appWith({ locale: 'ko' });
  const errors = [{ path: 'username', message: 'is no member of the club' }];
  jest.spyOn(users, 'create').mockRejectedValue(new AuthError('VALIDATION_FAILED', { errors }));
  const response = await clientFor()
    .post('/auth/register')
    .send({ username: 'ann', password: 'long enough 1' });
  expect(response.body).toEqual({ code: 'VALIDATION_FAILED', message: ko.VALIDATION_FAILED, errors });
});
