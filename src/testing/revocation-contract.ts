import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { Revocation, RevocationFeed } from '../stores/revocation-feed.js';
import { contractOptions, type RefreshTokenStoreContractOptions } from './contract-options.js';
import { assertMade, made, type ContractCase } from './contract.js';
import { newSession, request, started } from './session-fixtures.js';

const TIMEOUT_MS = 10_000;

/**
 * Proves the method `followRevocations` of a RefreshTokenStore.
 * @param makeStore called once for each process that a case simulates; all these stores must share their sessions
 */
export function revocationContract(
  makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>,
  options: RefreshTokenStoreContractOptions = {},
): ContractCase[] {
  const { without } = contractOptions('revocationContract', options);
  const promise = (name: string, prove: (world: World) => Promise<void>): ContractCase => ({
    name,
    async run() {
      const world = new World(makeStore);
      try {
        await prove(world);
      } finally {
        world.close();
      }
    },
  });

  const sessionLimitCase = promise('reports a session that a login beyond the limit ended', async (world) => {
    const [here, there] = [await world.process(), await world.process()];
    const session = await started(here.store, { createdAt: new Date(Date.now() - 1000) });
    await here.store.create(newSession({ userId: session.userId }), { maxSessions: 1 });
    await there.receives(session.userId, [session.sessionId]);
  });

  return [
    ...(without.includes('session-limit') ? [] : [sessionLimitCase]),
    promise('reports a revoked session to every process', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const session = await started(here.store);
      await here.store.revoke(session.userId, session.sessionId);
      for (const process of [here, there]) await process.receives(session.userId, [session.sessionId]);
    }),

    promise('reports every session that revokeAll ended, but not the one that it kept', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const kept = await started(here.store);
      const { userId } = kept;
      const ended = [await started(here.store, { userId }), await started(here.store, { userId })];
      await here.store.revokeAll(userId, { except: kept.sessionId });
      await there.receives(
        userId,
        ended.map(({ sessionId }) => sessionId),
      );
      assert.ok(!there.received(userId).includes(kept.sessionId));
    }),

    promise('reports a session that a reuse ended', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const session = await started(here.store);
      await here.store.rotate(request(session, 2));
      assert.equal((await here.store.rotate(request(session, 1))).outcome, 'reused');
      await there.receives(session.userId, [session.sessionId]);
    }),

    promise('reports earlier revocations to a new process before it is current', async (world) => {
      const early = await world.process();
      const session = await started(early.store);
      await early.store.revoke(session.userId, session.sessionId);
      const late = await world.process();
      assert.deepEqual(late.receivedWhenCurrent(session.userId), [session.sessionId]);
    }),

    promise('reports thousands of revocations to a process that starts later', async (world) => {
      const early = await world.process();
      const userId = randomUUID();
      const sessionIds = Array.from({ length: 2500 }, () => randomUUID());
      for (let at = 0; at < sessionIds.length; at += 2)
        await early.feed.announce({ userId, sessionIds: sessionIds.slice(at, at + 2) });
      const late = await world.process();
      assert.deepEqual([...new Set(late.receivedWhenCurrent(userId))].sort(), [...sessionIds].sort());
    }),

    promise('reports a revocation that is passed to announce()', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const [userId, sessionIds] = [randomUUID(), [randomUUID(), randomUUID()]];
      await here.feed.announce({ userId, sessionIds });
      await there.receives(userId, sessionIds);
    }),

    promise('accepts any text as a user id', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const userId = `{a},b\n'"; DROP TABLE x; -- \u{1f600}${randomUUID()}`;
      const session = await started(here.store, { userId });
      await here.store.revoke(userId, session.sessionId);
      await there.receives(userId, [session.sessionId]);
    }),

    promise('reports no session that goes on or never existed', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const session = await started(here.store);
      await here.store.rotate(request(session, 1));
      await here.store.rotate(request(session, 1));
      await here.store.revoke(session.userId, randomUUID());
      await here.store.revoke(randomUUID(), session.sessionId);
      await here.store.rotate({ ...request(session, 9), sessionId: randomUUID() });
      const last = await started(here.store);
      await here.store.revoke(last.userId, last.sessionId);
      await there.receives(last.userId, [last.sessionId]);
      assert.deepEqual(there.received(session.userId), []);
    }),

    promise('reports nothing after it has been closed', async (world) => {
      const [here, there, closed] = [await world.process(), await world.process(), await world.process()];
      closed.feed.close();
      const session = await started(here.store);
      await here.store.revoke(session.userId, session.sessionId);
      await there.receives(session.userId, [session.sessionId]);
      assert.deepEqual(closed.received(session.userId), []);
    }),
  ];
}

/** The simulated processes of one case, which share their sessions. */
class World {
  readonly #makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>;
  readonly #processes: Process[] = [];

  constructor(makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>) {
    this.#makeStore = makeStore;
  }

  async process(): Promise<Process> {
    const process = new Process(
      assertMade('revocationContract', await made('revocationContract', this.#makeStore), [
        'followRevocations',
      ]),
    );
    this.#processes.push(process);
    await process.becomesCurrent();
    return process;
  }

  close(): void {
    for (const { feed } of this.#processes) feed.close();
  }
}

class Process {
  readonly store: RefreshTokenStore;
  readonly feed: RevocationFeed;
  readonly #received: Revocation[] = [];
  /** How many revocations had been received when the process first became current. */
  #receivedWhenCurrent: number | undefined;

  constructor(store: RefreshTokenStore) {
    this.store = store;
    const feed = store.followRevocations?.({
      keepForSeconds: 60,
      onRevoked: (revocation) => void this.#received.push(revocation),
      onCurrent: () => void (this.#receivedWhenCurrent ??= this.#received.length),
      onLost: () => undefined,
    });
    assert.ok(feed, 'the store has no followRevocations');
    this.feed = feed;
  }

  /** The sessions of the user that were reported so far. */
  received(userId: string): string[] {
    return this.#sessionIds(userId, this.#received.length);
  }

  /** The sessions of the user that had been reported when `onCurrent` was first called. */
  receivedWhenCurrent(userId: string): string[] {
    return this.#sessionIds(userId, this.#receivedWhenCurrent ?? 0);
  }

  /** Waits until all these sessions have been reported. */
  async receives(userId: string, sessionIds: readonly string[]): Promise<void> {
    await eventually(`received ${sessionIds.length} sessions`, () => {
      const received = new Set(this.received(userId));
      return sessionIds.every((each) => received.has(each));
    });
  }

  becomesCurrent(): Promise<void> {
    return eventually('became current', () => this.#receivedWhenCurrent !== undefined);
  }

  #sessionIds(userId: string, count: number): string[] {
    const ofUser = this.#received.slice(0, count).filter((revocation) => revocation.userId === userId);
    return ofUser.flatMap((revocation) => revocation.sessionIds);
  }
}

async function eventually(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!isTrue()) {
    assert.ok(Date.now() < deadline, `never ${what}`);
    await sleep(5);
  }
}
