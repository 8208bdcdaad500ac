import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { NewSession, RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { ContractCase } from './contract.js';
import { HOUR, newSession, request, started } from './session-fixtures.js';

type PromiseOf = (name: string, prove: (store: RefreshTokenStore) => Promise<void>) => ContractCase;

/** The promises of `create` and `list` about how many sessions a user may have. */
export function sessionLimitCases(promise: PromiseOf): ContractCase[] {
  return [
    promise(
      'ends the session used longest ago when a user has too many, and returns its id',
      async (store) => {
        const [first, second, third] = (await series(store, 3)) as [NewSession, NewSession, NewSession];
        const { userId } = first;
        await store.rotate(request(first, 1));
        const session = newSession({ userId });
        assert.deepEqual(await store.create(session, { maxSessions: 3 }), [second.sessionId]);
        assert.deepEqual(await idsOf(store, userId), ids([first, third, session]));
        assert.deepEqual(await store.rotate(request(second, 1)), { outcome: 'unknown' });
      },
    ),

    promise('ends no session as long as the limit is not reached, or without a limit', async (store) => {
      const sessions = await series(store, 3);
      const { userId } = sessions[0];
      const [fourth, fifth] = [newSession({ userId }), newSession({ userId })];
      assert.deepEqual(await store.create(fourth, { maxSessions: 4 }), []);
      assert.deepEqual((await store.create(fifth)) ?? [], []);
      assert.deepEqual(await idsOf(store, userId), ids([...sessions, fourth, fifth]));
    }),

    promise('counts only live sessions, and only those of the same user', async (store) => {
      const userId = randomUUID();
      const past = new Date(Date.now() - HOUR * 1000);
      const expired = { userId, createdAt: new Date(past.getTime() - 1000), expiresAt: past };
      for (let n = 0; n < 3; n += 1) await started(store, expired);
      const stranger = await started(store);
      const sessions = [newSession({ userId }), newSession({ userId })];
      for (const session of sessions) assert.deepEqual(await store.create(session, { maxSessions: 2 }), []);
      assert.deepEqual(await idsOf(store, userId), ids(sessions));
      assert.deepEqual(await idsOf(store, stranger.userId), ids([stranger]));
    }),

    promise(
      'never leaves more sessions than the limit after parallel logins, and ends each only once',
      async (store) => {
        const userId = randomUUID();
        const sessions = Array.from({ length: 100 }, () => newSession({ userId }));
        const ended = await Promise.all(sessions.map((session) => store.create(session, { maxSessions: 5 })));
        const left = await idsOf(store, userId);
        assert.equal(left.length, 5);
        assert.deepEqual([...left, ...ended.flatMap((each) => each ?? [])].sort(), ids(sessions));
      },
    ),

    promise('allows a limit of one session', async (store) => {
      const [first] = await series(store, 1);
      const session = newSession({ userId: first.userId });
      assert.deepEqual(await store.create(session, { maxSessions: 1 }), [first.sessionId]);
      assert.deepEqual(await idsOf(store, first.userId), ids([session]));
    }),

    promise('brings a user from before the limit down to it, with those used last', async (store) => {
      const sessions = await series(store, 30);
      const { userId } = sessions[0];
      const session = newSession({ userId });
      await store.create(session, { maxSessions: 5 });
      assert.deepEqual(await idsOf(store, userId), ids([...sessions.slice(-4), session]));
    }),

    promise('lists no more sessions than asked for', async (store) => {
      const sessions = await series(store, 10);
      const { userId } = sessions[0];
      const some = await store.list(userId, { limit: 3 });
      assert.equal(some.length, 3);
      assert.ok(some.every(({ sessionId }) => ids(sessions).includes(sessionId)));
      assert.equal((await store.list(userId, { limit: 10 })).length, 10);
    }),
  ];
}

/** Sessions of one user, each used a second after the one before. */
async function series(store: RefreshTokenStore, count: number): Promise<[NewSession, ...NewSession[]]> {
  const [userId, begin] = [randomUUID(), Date.now() - HOUR * 1000];
  const sessions: NewSession[] = [];
  for (let n = 0; n < count; n += 1)
    sessions.push(
      await started(store, {
        userId,
        createdAt: new Date(begin + n * 1000),
        expiresAt: new Date(Date.now() + HOUR * 1000),
      }),
    );
  return sessions as [NewSession, ...NewSession[]];
}

async function idsOf(store: RefreshTokenStore, userId: string): Promise<string[]> {
  return ids(await store.list(userId));
}

function ids(sessions: readonly { sessionId: string }[]): string[] {
  return sessions.map(({ sessionId }) => sessionId).sort();
}
