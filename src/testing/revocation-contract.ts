import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { RevocationFeed } from '../stores/revocation-feed.js';
import type { ContractCase } from './contract.js';
import { request, started } from './session-fixtures.js';

const PATIENCE_MS = 10_000;

/**
 * Proves `followRevocations` of a RefreshTokenStore that has it.
 * @param makeStore called once for each process that a case plays; all of them must share their sessions
 */
export function revocationContract(
  makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>,
): ContractCase[] {
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

  return [
    promise('tells every process of a session that one of them has revoked', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const session = await started(here.store);
      await here.store.revoke(session.userId, session.sessionId);
      for (const process of [here, there]) await process.hears(session.userId, [session.sessionId]);
    }),

    promise('tells of all that revokeAll has ended, and not of the one that it has kept', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const kept = await started(here.store);
      const { userId } = kept;
      const ended = [await started(here.store, { userId }), await started(here.store, { userId })];
      await here.store.revokeAll(userId, { except: kept.sessionId });
      await there.hears(
        userId,
        ended.map(({ sessionId }) => sessionId),
      );
      assert.ok(!there.heard(userId).includes(kept.sessionId));
    }),

    promise('tells of a session that a reuse has ended', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const session = await started(here.store);
      await here.store.rotate(request(session, 2));
      assert.equal((await here.store.rotate(request(session, 1))).outcome, 'reused');
      await there.hears(session.userId, [session.sessionId]);
    }),

    promise('tells whoever comes later of what has ended before, and only then is current', async (world) => {
      const early = await world.process();
      const session = await started(early.store);
      await early.store.revoke(session.userId, session.sessionId);
      const late = await world.process();
      assert.deepEqual(late.heardWhenCurrent(session.userId), [session.sessionId]);
    }),

    promise('tells whoever comes later of thousands', async (world) => {
      const early = await world.process();
      const userId = randomUUID();
      const sessionIds = Array.from({ length: 2500 }, () => randomUUID());
      for (let at = 0; at < sessionIds.length; at += 2)
        await early.feed.announce({ userId, sessionIds: sessionIds.slice(at, at + 2) });
      const late = await world.process();
      assert.deepEqual([...new Set(late.heardWhenCurrent(userId))].sort(), [...sessionIds].sort());
    }),

    promise('passes on what it is told to announce', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const [userId, sessionIds] = [randomUUID(), [randomUUID(), randomUUID()]];
      await here.feed.announce({ userId, sessionIds });
      await there.hears(userId, sessionIds);
    }),

    promise('takes any text as a user id', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const userId = `{a},b\n'"; DROP TABLE x; -- \u{1f600}${randomUUID()}`;
      const session = await started(here.store, { userId });
      await here.store.revoke(userId, session.sessionId);
      await there.hears(userId, [session.sessionId]);
    }),

    promise('says nothing of sessions that go on, and of those that never were', async (world) => {
      const [here, there] = [await world.process(), await world.process()];
      const session = await started(here.store);
      await here.store.rotate(request(session, 1));
      await here.store.rotate(request(session, 1));
      await here.store.revoke(session.userId, randomUUID());
      await here.store.revoke(randomUUID(), session.sessionId);
      await here.store.rotate({ ...request(session, 9), sessionId: randomUUID() });
      const last = await started(here.store);
      await here.store.revoke(last.userId, last.sessionId);
      await there.hears(last.userId, [last.sessionId]);
      assert.deepEqual(there.heard(session.userId), []);
    }),

    promise('tells nothing more once it is closed', async (world) => {
      const [here, there, closed] = [await world.process(), await world.process(), await world.process()];
      closed.feed.close();
      const session = await started(here.store);
      await here.store.revoke(session.userId, session.sessionId);
      await there.hears(session.userId, [session.sessionId]);
      assert.deepEqual(closed.heard(session.userId), []);
    }),
  ];
}

/** Processes that share their sessions. */
class World {
  readonly #makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>;
  readonly #processes: Process[] = [];

  constructor(makeStore: () => RefreshTokenStore | Promise<RefreshTokenStore>) {
    this.#makeStore = makeStore;
  }

  async process(): Promise<Process> {
    const process = new Process(await this.#makeStore());
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
  readonly #heard: { userId: string; sessionIds: readonly string[] }[] = [];
  #heardWhenCurrent: number | undefined;

  constructor(store: RefreshTokenStore) {
    this.store = store;
    const feed = store.followRevocations?.({
      keepForSeconds: 60,
      onRevoked: (revocation) => void this.#heard.push(revocation),
      onCurrent: () => void (this.#heardWhenCurrent ??= this.#heard.length),
      onLost: () => undefined,
    });
    assert.ok(feed, 'the store has no followRevocations');
    this.feed = feed;
  }

  heard(userId: string): string[] {
    return this.#sessionIds(userId, this.#heard.length);
  }

  /** What it knew when it first said that it knew all. */
  heardWhenCurrent(userId: string): string[] {
    return this.#sessionIds(userId, this.#heardWhenCurrent ?? 0);
  }

  async hears(userId: string, sessionIds: readonly string[]): Promise<void> {
    await eventually(`heard of ${sessionIds.length} sessions`, () => {
      const heard = new Set(this.heard(userId));
      return sessionIds.every((each) => heard.has(each));
    });
  }

  becomesCurrent(): Promise<void> {
    return eventually('became current', () => this.#heardWhenCurrent !== undefined);
  }

  #sessionIds(userId: string, count: number): string[] {
    const heard = this.#heard.slice(0, count).filter((revocation) => revocation.userId === userId);
    return heard.flatMap((revocation) => revocation.sessionIds);
  }
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `never ${what}`);
    await sleep(5);
  }
}
