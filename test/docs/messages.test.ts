import { readFileSync } from 'node:fs';
import path from 'node:path';
import { en } from '../../src/messages/en';
import { ko } from '../../src/messages/ko';
import type { MessageKey } from '../../src/messages/messages';
import { useDocPage, type Browse } from '../helpers/snippets';

const page = useDocPage('docs/messages.md');

test('the page lists every text in both languages, in the order of the code', () => {
  const text = readFileSync(path.join(__dirname, '../../docs/messages.md'), 'utf8');
  const rows = Array.from(text.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm), ([, ...cells]) => cells);
  expect(rows).toEqual((Object.keys(en) as MessageKey[]).map((key) => [key, en[key], ko[key]]));
});

const answer = async (browse: Browse, where: string, language: string, body?: object) => {
  const post = body && { method: 'POST', body: JSON.stringify(body) };
  const response = await browse(where, { ...post, headers: { 'Accept-Language': language } });
  const { message, errors } = (await response.json()) as {
    message: string;
    errors?: { message: string }[];
  };
  const said = [message, ...(errors ?? []).map((error) => error.message)];
  return { said, language: response.headers.get('content-language'), vary: response.headers.get('vary') };
};

test("replace: all users get Korean, with the app's own texts", async () => {
  const browse = await page.start('replace');
  expect(await answer(browse, '/profile', 'en')).toEqual({
    said: ['로그인이 필요합니다.'],
    language: 'ko',
    vary: null,
  });
  const tooShort = { username: 'ann', password: 'sh0rt q' };
  expect((await answer(browse, '/auth/register', 'en', tooShort)).said).toEqual([
    ko.VALIDATION_FAILED,
    '8자 이상 입력해 주세요.',
  ]);
});

test('add: users who ask for German get it, and English where a text is missing', async () => {
  const browse = await page.start('add');
  const german = { language: 'de', vary: 'Accept-Language' };
  expect(await answer(browse, '/profile', 'de-DE,de;q=0.9')).toEqual({
    said: ['Bitte melden Sie sich an.'],
    ...german,
  });
  expect(await answer(browse, '/auth/refresh', 'de', {})).toEqual({ said: [en.NO_REFRESH_TOKEN], ...german });
  expect((await answer(browse, '/profile', 'ko')).said).toEqual([ko.NO_ACCESS_TOKEN]);
});
