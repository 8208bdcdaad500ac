import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { NewOneTimeToken } from '../stores/one-time-token-store.js';
import { casesOf, type ContractCase } from './contract.js';
import {
  assertIs,
  created,
  METHODS,
  newToken,
  randomHash,
  type MakeStore,
} from './one-time-token-fixtures.js';

const DATA = [
  undefined,
  '',
  '=',
  '1\nx\n2\n',
  'two\nlines\r\nand a third\n',
  '한국어 éе\u0301 \u{1f600}\u2028',
  `'"\\%s$1{}\x01\x7f`,
  '\u{1f600}'.repeat(4096), // 16 kB of UTF-8
];

/** Names that a careless store confuses when it joins names: they contain separators, escapes or other special characters. */
const STRANGE = [
  ...['a', 'a:', ':a', 'a:b', 'b:a', 'a%3Ab', '%', 'A', ' a', 'a/b', '../a', '{a}', '}{', '{', '}'],
  ...['a\nb', 'a\r\nb', '\n', "a'b", 'a"b', 'a\\b', '["a","b"]', '*', '?', '[a]', '$1', '__proto__', 'null'],
  ...['é', 'e\u0301', '한국어', '\u{1f600}', 'x'.repeat(254), '한'.repeat(254), `${'x'.repeat(253)}y`],
];

const NOT_TEXTS = [undefined, null, 5, {}, ['a'], 'a\0b', '\ud800', 'x'.repeat(256)];

/** The part of `oneTimeTokenStoreContract` that says which texts a store keeps and which it refuses. */
export function oneTimeTokenTextCases(makeStore: MakeStore): ContractCase[] {
  const promise = casesOf('oneTimeTokenStoreContract', makeStore, METHODS);

  return [
    promise('returns data exactly as it was given, and no data if there was none', async (store) => {
      for (const data of DATA) {
        const token = await created(store, { data });
        assertIs(await store.find(token.purpose, token.hash), token, JSON.stringify(data)?.slice(0, 40));
        assertIs(await store.take(token.purpose, token.hash), token, JSON.stringify(data)?.slice(0, 40));
      }
    }),

    promise('tells strange subjects apart', async (store) => {
      const suffix = randomUUID().slice(0, 8);
      // Distinguishes these subjects from those of another run.
      const subjects = STRANGE.map((text) =>
        text.length < 200 ? `${text}${suffix}` : `${suffix}${text.slice(suffix.length)}`,
      );
      const tokens = await Promise.all(subjects.map((subject) => created(store, { subject })));
      for (const token of tokens) assertIs(await store.find(token.purpose, token.hash), token);
      for (const token of tokens) {
        assert.equal(await store.removeAll(token.subject), 1, JSON.stringify(token.subject));
      }
    }),

    promise('tells strange purposes and slots apart', async (store) => {
      const subject = randomUUID();
      const pairs = STRANGE.flatMap((text) => [
        { purpose: text },
        { purpose: text, slot: 'a' },
        { purpose: 'a', slot: text },
      ]);
      const different = [
        ...new Map(pairs.map((pair) => [JSON.stringify([pair.purpose, pair.slot]), pair])).values(),
      ];
      const tokens = await Promise.all(different.map((pair) => created(store, { subject, ...pair })));
      for (const token of tokens) assertIs(await store.find(token.purpose, token.hash), token);
      for (const text of STRANGE) {
        const { hash } = tokens.find(({ purpose }) => purpose === text) as NewOneTimeToken;
        for (const other of STRANGE.filter((each) => each !== text).slice(0, 5))
          assert.equal(await store.find(other, hash), undefined, JSON.stringify([text, other]));
      }
      const kept = tokens.filter(({ purpose }) => purpose === 'a:b').length;
      assert.equal(await store.removeAll(subject, { except: ['a:b'] }), tokens.length - kept);
      assert.equal(await store.removeAll(subject), kept);
    }),

    promise('refuses a token that no store can keep', async (store) => {
      const refused: { [member in keyof NewOneTimeToken]: unknown[] } = {
        purpose: [...NOT_TEXTS, ''],
        subject: [...NOT_TEXTS, ''],
        slot: NOT_TEXTS.filter((text) => text !== undefined),
        hash: [
          ...NOT_TEXTS,
          '',
          'a token',
          `${randomHash()}\n`,
          `${randomHash()}a`,
          `*${randomHash().slice(1)}`,
        ],
        data: [null, 5, {}, 'a\0b', '\udc00a', 'x'.repeat(16_385), '\u{1f600}'.repeat(4097)],
        expiresInSeconds: [undefined, null, 0, -1, NaN, Infinity, '60', 101 * 365 * 24 * 60 * 60],
        now: [null, NaN, new Date(NaN), '2026-01-01', 0],
      };
      for (const [member, values] of Object.entries(refused)) {
        for (const value of values) {
          const token = newToken({ [member]: value });
          await assert.rejects(
            async () => store.create(token),
            TypeError,
            `${member}: ${JSON.stringify(value)}`,
          );
        }
      }
    }),

    promise('refuses to look for a token that no store can have', async (store) => {
      const hash = randomHash();
      for (const value of [...NOT_TEXTS, ''] as string[]) {
        const message = JSON.stringify(value);
        for (const look of [store.find.bind(store), store.take.bind(store)]) {
          await assert.rejects(async () => look(value, hash), TypeError, message);
          await assert.rejects(async () => look('password-reset', value), TypeError, message);
        }
        await assert.rejects(async () => store.removeAll(value), TypeError, message);
        await assert.rejects(async () => store.removeAll('ann', { except: [value] }), TypeError, message);
      }
      await assert.rejects(async () => store.take('a', hash, { now: new Date(NaN) }), TypeError);
      const text = 'password-reset' as unknown as string[];
      await assert.rejects(async () => store.removeAll('ann', { except: text }), TypeError);
    }),
  ];
}
