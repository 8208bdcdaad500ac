import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { OneTimeTokenStore } from '../stores/one-time-token-store.js';
import { assertNoOptions } from './contract-options.js';
import { casesOf, type ContractCase } from './contract.js';
import {
  assertIs,
  created,
  isFound,
  LIFETIME_SECONDS,
  METHODS,
  type MakeStore,
  newToken,
  randomHash,
} from './one-time-token-fixtures.js';
import { oneTimeTokenTextCases } from './one-time-token-text-cases.js';

const PARALLEL_CALLS = 100;

/**
 * Proves a OneTimeTokenStore. Subjects and hashes are random, so the cases can share a store with other tokens.
 * @param makeStore called once for each case
 */
export function oneTimeTokenStoreContract(
  makeStore: () => OneTimeTokenStore | Promise<OneTimeTokenStore>,
  ...more: []
): ContractCase[] {
  assertNoOptions('oneTimeTokenStoreContract', more);
  return [
    ...takingCases(makeStore),
    ...replacingCases(makeStore),
    ...expiryCases(makeStore),
    ...removalCases(makeStore),
    ...oneTimeTokenTextCases(makeStore),
  ];
}

function takingCases(makeStore: MakeStore): ContractCase[] {
  const promise = casesOf('oneTimeTokenStoreContract', makeStore, METHODS);
  return [
    promise('gives a token once', async (store) => {
      const token = await created(store, { slot: 'browser', data: 'ann@example.com' });
      assertIs(await store.take(token.purpose, token.hash), token);
      assert.equal(await store.take(token.purpose, token.hash), undefined, 'taken twice');
      assert.equal(await store.find(token.purpose, token.hash), undefined, 'found after it was taken');
    }),

    promise('gives a token to only one of many parallel calls', async (store) => {
      const token = await created(store);
      const calls = Array.from({ length: PARALLEL_CALLS }, () => store.take(token.purpose, token.hash));
      const taken = (await Promise.all(calls)).filter((each) => each !== undefined);
      assert.equal(taken.length, 1);
      assertIs(taken[0], token);
    }),

    promise('finds a token any number of times without using it up', async (store) => {
      const token = await created(store, { data: 'kept' });
      for (const _time of ['once', 'again']) assertIs(await store.find(token.purpose, token.hash), token);
      assertIs(await store.take(token.purpose, token.hash), token);
    }),

    promise('answers undefined for a token that was never created', async (store) => {
      assert.equal(await store.find('password-reset', randomHash()), undefined);
      assert.equal(await store.take('password-reset', randomHash()), undefined);
    }),

    promise('gives a token for its own purpose only', async (store) => {
      const token = await created(store, { purpose: 'verify-email' });
      assert.equal(await store.find('password-reset', token.hash), undefined);
      assert.equal(await store.take('password-reset', token.hash), undefined);
      assertIs(await store.take('verify-email', token.hash), token);
    }),
  ];
}

function replacingCases(makeStore: MakeStore): ContractCase[] {
  const promise = casesOf('oneTimeTokenStoreContract', makeStore, METHODS);
  return [
    promise('replaces the token of the same purpose, subject and slot', async (store) => {
      for (const slot of [undefined, 'browser']) {
        const first = await created(store, { slot, data: 'first' });
        const second = await created(store, { subject: first.subject, slot });
        assert.equal(await store.find(first.purpose, first.hash), undefined, 'found the older one');
        assert.equal(await store.take(first.purpose, first.hash), undefined, 'gave the older one');
        assertIs(await store.take(second.purpose, second.hash), second);
      }
    }),

    promise('keeps only one of many parallel tokens of one slot', async (store) => {
      const subject = randomUUID();
      const tokens = Array.from({ length: 20 }, () => newToken({ subject }));
      await Promise.all(tokens.map((token) => store.create(token)));
      const found = await Promise.all(tokens.map((token) => isFound(store, token)));
      assert.equal(found.filter(Boolean).length, 1);
      assert.equal(await store.removeAll(subject), 1);
    }),

    promise('keeps slots, purposes and subjects apart', async (store) => {
      const first = await created(store);
      const { purpose, subject } = first;
      const others = [
        await created(store, { subject, slot: 'browser 1' }),
        await created(store, { subject, slot: 'browser 2' }),
        await created(store, { subject, purpose: `${purpose}-2` }),
        await created(store, { purpose }),
      ];
      for (const token of [first, ...others]) assertIs(await store.find(token.purpose, token.hash), token);
      await store.take(purpose, first.hash);
      for (const token of others) assertIs(await store.take(token.purpose, token.hash), token);
    }),

    promise('keeps one token when the same token is created twice', async (store) => {
      const token = await created(store);
      await store.create(token);
      assertIs(await store.take(token.purpose, token.hash), token);
      assert.equal(await store.take(token.purpose, token.hash), undefined);
    }),
  ];
}

function expiryCases(makeStore: MakeStore): ContractCase[] {
  const promise = casesOf('oneTimeTokenStoreContract', makeStore, METHODS);
  const after = (start: Date, ms: number) => ({ now: new Date(start.getTime() + ms) });
  return [
    promise('keeps a token until it expires, to the millisecond', async (store) => {
      const now = new Date();
      const lastMoment = after(now, LIFETIME_SECONDS * 1000 - 1);
      const tooLate = after(now, LIFETIME_SECONDS * 1000);
      for (const look of [store.find.bind(store), store.take.bind(store)]) {
        const [live, expired] = [await created(store, { now }), await created(store, { now })];
        assert.deepEqual((await look(live.purpose, live.hash, lastMoment))?.expiresAt, tooLate.now);
        assert.equal(await look(expired.purpose, expired.hash, tooLate), undefined);
      }
    }),

    promise('uses its own clock if no time is given', async (store) => {
      const before = Date.now();
      const { purpose, hash } = await created(store);
      const lifetimeMs = ((await store.find(purpose, hash))?.expiresAt.getTime() ?? 0) - before;
      // The clocks of two machines may be minutes apart.
      assert.ok(Math.abs(lifetimeMs - LIFETIME_SECONDS * 1000) < 300_000, `${lifetimeMs} ms`);
      const brief = await created(store, { expiresInSeconds: 0.05 });
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.equal(await store.find(brief.purpose, brief.hash), undefined);
      assert.equal(await store.take(brief.purpose, brief.hash), undefined);
    }),

    promise('keeps a token for a hundred years', async (store) => {
      const century = 100 * 365 * 24 * 60 * 60;
      const now = new Date();
      const { purpose, hash } = await created(store, { now, expiresInSeconds: century });
      const found = await store.take(purpose, hash, after(now, century * 1000 - 1));
      assert.deepEqual(found?.expiresAt, after(now, century * 1000).now);
    }),
  ];
}

function removalCases(makeStore: MakeStore): ContractCase[] {
  const promise = casesOf('oneTimeTokenStoreContract', makeStore, METHODS);
  return [
    promise('removes all tokens of a subject, and none of other subjects', async (store) => {
      const first = await created(store);
      const { subject } = first;
      const slotted = await created(store, { subject, slot: 'browser' });
      const stranger = await created(store);
      assert.equal(await store.removeAll(subject), 2);
      for (const token of [first, slotted]) assert.equal(await isFound(store, token), false);
      assert.equal(await store.removeAll(subject), 0);
      assertIs(await store.take(stranger.purpose, stranger.hash), stranger);
    }),

    promise('removes all tokens of a subject except those of some purposes', async (store) => {
      const subject = randomUUID();
      const [ended, kept, alsoKept] = await Promise.all(
        ['password-reset', 'verify-email', 'invite'].map((purpose) => created(store, { subject, purpose })),
      );
      const except = ['verify-email', 'invite', 'nothing of that kind'];
      assert.equal(await store.removeAll(subject, { except }), 1);
      assert.equal(ended && (await isFound(store, ended)), false);
      for (const token of [kept, alsoKept]) assert.ok(token && (await isFound(store, token)), token?.purpose);
      assert.equal(await store.removeAll(subject, { except: [] }), 2);
    }),

    promise('counts the live tokens that it removed', async (store) => {
      const { subject, purpose, hash } = await created(store, { slot: 'taken' });
      await created(store, { subject, slot: 'live' });
      await created(store, { subject, slot: 'expired', expiresInSeconds: 0.001 });
      await store.take(purpose, hash);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(await store.removeAll(subject), 1);
    }),
  ];
}
