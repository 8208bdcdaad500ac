import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type {
  NewSession,
  RefreshTokenStore,
  RotateRequest,
  RotateResult,
} from '../stores/refresh-token-store.js';
import { contractOptions, type RefreshTokenStoreContractOptions } from './contract-options.js';
import { casesOf, type ContractCase } from './contract.js';
import { originCases } from './origin-cases.js';
import { raiseCases } from './raise-cases.js';
import { HOUR, newSession, request, REUSE_WINDOW, started } from './session-fixtures.js';
import { sessionLimitCases } from './session-limit-cases.js';

/**
 * Proves a RefreshTokenStore. Users and sessions are random, so the cases can share a store with other sessions.
 * @param makeStore called once for each case
 * @throws TypeError that names what is wrong with the options
 */
export function refreshTokenStoreContract(
  makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>,
  options: RefreshTokenStoreContractOptions = {},
): ContractCase[] {
  const { without } = contractOptions('refreshTokenStoreContract', options);
  const promise = casesOf('refreshTokenStoreContract', makeStore, [
    ...['create', 'rotate', 'find', 'list', 'revoke', 'revokeAll'],
  ]);

  return [
    ...(without.includes('session-limit') ? [] : sessionLimitCases(promise)),
    ...(without.includes('origin') ? [] : originCases(promise)),
    ...raiseCases(promise),
    promise('keeps a created session as generation 0', async (store) => {
      const session = newSession({ remember: true, ip: '2001:db8::1', userAgent: 'Browser/1.0 (X; Y)' });
      await store.create(session);
      const found = await store.find(session.userId, session.sessionId);
      assert.deepEqual(
        { ...found, attempt: undefined },
        { ...session, generation: 0, rotatedAt: session.createdAt, attempt: undefined },
      );
      assert.deepEqual(await store.list(session.userId), [found]);
    }),

    promise('keeps sessions that have no address and no user agent', async (store) => {
      const session = newSession({ ip: undefined, userAgent: undefined });
      await store.create(session);
      const found = await store.find(session.userId, session.sessionId);
      assert.equal(found?.ip, undefined);
      assert.equal(found?.userAgent, undefined);
    }),

    promise('keeps how the user proved who they are, also after a rotation', async (store) => {
      const session = await started(store, { amr: ['pwd', 'otp'] });
      assert.deepEqual((await store.find(session.userId, session.sessionId))?.amr, ['pwd', 'otp']);
      assert.deepEqual((await rotated(store, request(session, 1))).session.amr, ['pwd', 'otp']);
      const other = await started(store, { userAgent: undefined, amr: ['hwk'] });
      assert.deepEqual((await store.list(other.userId)).map(({ amr }) => amr), [['hwk']]); // prettier-ignore
    }),

    promise('returns the time that rotations use from time(), if it has that method', async (store) => {
      if (!store.time) return;
      const session = await started(store);
      const before = await store.time();
      const { now } = await rotated(store, { ...request(session, 1), now: undefined });
      const after = await store.time();
      // Both times may be rounded to the millisecond.
      assert.ok(before - 1 <= now.getTime() && now.getTime() <= after + 1, `${before}, ${+now}, ${after}`);
    }),

    promise('accepts any text as a user id, an address and a user agent', async (store) => {
      const userId = `{a}:b\n'"; DROP TABLE x; -- ${randomUUID()}`;
      const session = newSession({ userId, userAgent: `a "quoted' \\ agent \u00e9\u{1f600}` });
      await store.create(session);
      assert.equal((await store.find(userId, session.sessionId))?.userAgent, session.userAgent);
      assert.equal((await store.rotate(request(session, 1))).outcome, 'rotated');
      assert.equal((await store.find(userId, session.sessionId))?.userAgent, session.userAgent);
      assert.deepEqual(await store.revokeAll(userId), [session.sessionId]);
    }),

    promise('rotates an existing session, and answers unknown for any other', async (store) => {
      const session = await started(store);
      const result = await rotated(store, request(session, 1));
      assert.equal(result.outcome, 'rotated');
      assert.equal(result.session.generation, 1);
      assert.deepEqual(result.session.rotatedAt, result.now);
      assert.deepEqual(await store.find(session.userId, session.sessionId), result.session);
      assert.deepEqual(await store.rotate(request(newSession(), 1)), { outcome: 'unknown' });
      const stranger = { ...request(session, 2), userId: randomUUID() };
      assert.deepEqual(await store.rotate(stranger), { outcome: 'unknown' });
    }),

    promise('leaves the other members of a session unchanged in a rotation', async (store) => {
      const session = await started(store, { remember: true, userAgent: 'Browser/1.0' });
      const { session: after } = await rotated(store, request(session, 1));
      for (const member of [
        'userId',
        'sessionId',
        'createdAt',
        'authTime',
        'remember',
        'ip',
        'userAgent',
      ] as const) {
        assert.deepEqual(after[member], session[member], member);
      }
    }),

    promise('extends the expiry by the clock of the store, up to the maximum lifetime', async (store) => {
      const session = await started(store);
      const first = await rotated(store, request(session, 1, { expiresInSeconds: 2 * HOUR }));
      assert.equal(first.session.expiresAt.getTime(), first.now.getTime() + 2 * HOUR * 1000);
      const last = await rotated(
        store,
        request(session, 2, { expiresInSeconds: 2 * HOUR, maxLifetimeSeconds: HOUR }),
      );
      assert.equal(last.session.expiresAt.getTime(), session.createdAt.getTime() + HOUR * 1000);
    }),

    promise('accepts lifetimes and windows of a hundred years', async (store) => {
      const session = await started(store);
      const century = 100 * 365 * 24 * HOUR;
      const lifetimes = {
        expiresInSeconds: century,
        maxLifetimeSeconds: century,
        reuseWindowSeconds: century,
      };
      const result = await rotated(store, request(session, 1, lifetimes));
      assert.equal(result.session.expiresAt.getTime(), session.createdAt.getTime() + century * 1000);
      assert.equal((await rotated(store, request(session, 1, lifetimes))).outcome, 'replayed');
    }),

    promise('accepts a generation that skips some, as after a lost write', async (store) => {
      const session = await started(store);
      const result = await rotated(store, request(session, 7));
      assert.equal(result.outcome, 'rotated');
      assert.equal(result.session.generation, 7);
      assert.equal((await store.rotate(request(session, 6))).outcome, 'reused');
    }),

    promise('keeps the largest generations exactly', async (store) => {
      const session = await started(store);
      const largest = Number.MAX_SAFE_INTEGER - 1;
      assert.equal((await rotated(store, request(session, largest))).session.generation, largest);
      assert.equal((await rotated(store, request(session, largest))).outcome, 'replayed');
    }),

    promise('replays the same generation inside the reuse window and writes nothing', async (store) => {
      const session = await started(store);
      const first = await rotated(store, request(session, 1, { attempt: 'first' }));
      const edge = new Date(first.now.getTime() + REUSE_WINDOW * 1000);
      const again = await rotated(store, request(session, 1, { attempt: 'second', now: edge }));
      assert.equal(again.outcome, 'replayed');
      assert.deepEqual(again.session, first.session);
      assert.deepEqual(await store.find(session.userId, session.sessionId), first.session);
    }),

    promise('ends the session when the same generation comes back after the window', async (store) => {
      const session = await started(store);
      const { now } = await rotated(store, request(session, 1));
      const late = new Date(now.getTime() + REUSE_WINDOW * 1000 + 1);
      assert.deepEqual(await store.rotate(request(session, 1, { now: late })), { outcome: 'reused' });
      await assertGone(store, session);
    }),

    promise('replays the same attempt after the window, but no other attempt', async (store) => {
      const session = await started(store);
      const { now } = await rotated(store, request(session, 1, { attempt: 'one' }));
      const late = new Date(now.getTime() + HOUR * 1000);
      assert.equal(
        (await store.rotate(request(session, 1, { attempt: 'one', now: late }))).outcome,
        'replayed',
      );
      assert.equal(
        (await store.rotate(request(session, 1, { attempt: 'two', now: late }))).outcome,
        'reused',
      );
    }),

    promise('never treats two missing or empty attempts as the same attempt', async (store) => {
      for (const [first, second] of [
        [undefined, undefined],
        ['', ''],
        [undefined, ''],
      ]) {
        const session = await started(store);
        const { now } = await rotated(store, request(session, 1, { attempt: first }));
        const late = new Date(now.getTime() + HOUR * 1000);
        const result = await store.rotate(request(session, 1, { attempt: second, now: late }));
        assert.equal(result.outcome, 'reused');
      }
    }),

    promise('ends the session at once when an older generation comes back', async (store) => {
      const session = await started(store);
      await rotated(store, request(session, 1, { attempt: 'same' }));
      await rotated(store, request(session, 2, { attempt: 'same' }));
      assert.deepEqual(await store.rotate(request(session, 1, { attempt: 'same' })), { outcome: 'reused' });
      await assertGone(store, session);
      assert.deepEqual(await store.rotate(request(session, 3)), { outcome: 'unknown' });
    }),

    promise('ends only the session that was reused', async (store) => {
      const session = await started(store);
      const other = await started(store, { userId: session.userId });
      await rotated(store, request(session, 2));
      await store.rotate(request(session, 1));
      assert.deepEqual(ids(await store.list(session.userId)), [other.sessionId]);
    }),

    promise('allows no replay when the reuse window is 0 and time has passed', async (store) => {
      const session = await started(store);
      const { now } = await rotated(store, request(session, 1, { reuseWindowSeconds: 0 }));
      const next = new Date(now.getTime() + 1);
      const result = await store.rotate(request(session, 1, { reuseWindowSeconds: 0, now: next }));
      assert.equal(result.outcome, 'reused');
    }),

    promise('converges on one successor under 100 parallel rotations', async (store) => {
      const session = await started(store);
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, n) =>
          rotated(store, request(session, 1, { attempt: `attempt-${n}` })),
        ),
      );
      assert.equal(results.filter(({ outcome }) => outcome === 'rotated').length, 1);
      const successors = new Set(results.map((result) => JSON.stringify(result.session)));
      assert.equal(successors.size, 1);
    }),

    promise('does not bring back a session that ends during rotations', async (store) => {
      const session = await started(store);
      const rotations = Array.from({ length: 20 }, (_, n) => store.rotate(request(session, n + 1)));
      await Promise.all([...rotations, store.revoke(session.userId, session.sessionId)]);
      assert.equal((await store.rotate(request(session, 100))).outcome, 'unknown');
      await assertGone(store, session);
    }),

    promise('counts a session past its expiry as absent', async (store) => {
      const justOver = new Date(Date.now() - 1000);
      const session = await started(store, { createdAt: new Date(Date.now() - 60_000), expiresAt: justOver });
      await assertGone(store, session);
      assert.deepEqual(await store.rotate(request(session, 1)), { outcome: 'unknown' });
      assert.equal(await store.revoke(session.userId, session.sessionId), false);
      assert.deepEqual(await store.revokeAll(session.userId), []);
    }),

    promise('counts a session as absent from the moment of its expiry', async (store) => {
      const session = await started(store);
      const atExpiry = request(session, 1, { now: session.expiresAt });
      assert.deepEqual(await store.rotate(atExpiry), { outcome: 'unknown' });
    }),

    promise('revokes a session only once, and only for its own user', async (store) => {
      const session = await started(store);
      const other = await started(store, { userId: session.userId });
      assert.equal(await store.revoke(randomUUID(), session.sessionId), false);
      assert.equal(await store.revoke(session.userId, session.sessionId), true);
      assert.equal(await store.revoke(session.userId, session.sessionId), false);
      assert.deepEqual(ids(await store.list(session.userId)), [other.sessionId]);
    }),

    promise('revokes all sessions of a user, or all but one, and none of other users', async (store) => {
      const kept = await started(store);
      const { userId } = kept;
      const others = [await started(store, { userId }), await started(store, { userId })];
      const stranger = await started(store);
      assert.deepEqual((await store.revokeAll(userId, { except: kept.sessionId })).sort(), ids(others));
      assert.deepEqual(ids(await store.list(userId)), [kept.sessionId]);
      assert.deepEqual(await store.revokeAll(userId), [kept.sessionId]);
      assert.deepEqual(await store.revokeAll(userId), []);
      assert.deepEqual(ids(await store.list(stranger.userId)), [stranger.sessionId]);
    }),

    promise('lists all sessions of a user with many', async (store) => {
      const userId = randomUUID();
      const sessions = await Promise.all(Array.from({ length: 50 }, () => started(store, { userId })));
      assert.deepEqual(ids(await store.list(userId)), ids(sessions));
      assert.deepEqual(await store.list(randomUUID()), []);
    }),
  ];
}

type Successor = Extract<RotateResult, { session: unknown }>;

async function rotated(store: RefreshTokenStore, rotateRequest: RotateRequest): Promise<Successor> {
  const result = await store.rotate(rotateRequest);
  assert.ok('session' in result, `expected a successor, got ${result.outcome}`);
  return result;
}

async function assertGone(store: RefreshTokenStore, { userId, sessionId }: NewSession): Promise<void> {
  assert.equal(await store.find(userId, sessionId), undefined);
  assert.ok(!ids(await store.list(userId)).includes(sessionId));
}

function ids(sessions: readonly { sessionId: string }[]): string[] {
  return sessions.map(({ sessionId }) => sessionId).sort();
}
