import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RotateRequest, RotateResult } from '../../../src';
import type { SqliteRefreshTokenStore } from '../../../src/stores/sqlite';
import { newSession } from '../../stores/samples';
import { DRIVERS, useFiles } from './databases';
import { OtherProcess } from './processes';
import { startStopwatch, watchTurns, within } from '../../helpers/within';
import { PATIENT, REAL, useCallTimes } from '../../helpers/call-times';

const UNAVAILABLE = { name: 'AuthError', code: 'SERVICE_UNAVAILABLE' };

describe.each(DRIVERS)('%s', (driver, open) => {
  const files = useFiles(open);
  let store: SqliteRefreshTokenStore;
  const others: OtherProcess[] = [];
  const startOther = () => {
    const other = new OtherProcess(driver, files.path('shared.db'));
    others.push(other);
    return other;
  };
  beforeAll(async () => {
    store = files.store('shared.db');
    await store.migrate();
  });
  afterEach(async () => {
    for (const other of others.splice(0)) await other.kill();
  });

  /** A new session, and the request for its first rotation. */
  async function started(): Promise<RotateRequest> {
    const session = newSession(randomUUID(), randomUUID());
    await store.create(session);
    const { userId, sessionId } = session;
    const lifetimes = { expiresInSeconds: 600, maxLifetimeSeconds: 3600, reuseWindowSeconds: 30 };
    return { userId, sessionId, generation: 1, ...lifetimes };
  }

  test('100 parallel rotations over two processes give one successor', async () => {
    const request = await started();
    const processes = [startOther(), startOther()];
    await Promise.all(processes.map((each) => each.call('follow')));
    const requests = Array.from({ length: 50 }, (_, n) => ({ ...request, attempt: `attempt ${n}` }));
    const answers = await Promise.all(processes.map((each) => each.call('rotate', ...requests)));
    const results = answers.flat() as Extract<RotateResult, { session: object }>[];
    expect(results.map(({ outcome }) => outcome).sort()).toEqual([
      ...Array<string>(99).fill('replayed'),
      'rotated',
    ]);
    expect(new Set(results.map(({ session }) => JSON.stringify(session))).size).toBe(1);
  });

  test('processes can create the tables at the same time', async () => {
    const file = files.path('new.db');
    const processes = Array.from({ length: 3 }, () => new OtherProcess(driver, file));
    others.push(...processes);
    await Promise.all(processes.map((each) => each.call('migrate')));
    expect(await files.store('new.db').list('nobody')).toEqual([]);
  });

  test('a sign-out is heard by another process within a second', async () => {
    const { userId, sessionId } = await started();
    const feed = store.followRevocations({
      ...{ keepForSeconds: 60, onRevoked() {}, onCurrent() {}, onLost() {} },
    });
    const other = startOther();
    await other.call('follow');
    const heard: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      await store.create(newSession(userId, `${sessionId} ${n}`));
      const elapsed = startStopwatch(other.pid);
      await store.revoke(userId, `${sessionId} ${n}`);
      expect(await other.next()).toEqual({ revocation: { userId, sessionIds: [`${sessionId} ${n}`] } });
      heard.push(elapsed());
    }
    feed.close();
    // The store reads the log every 200 ms; the median leaves out what a busy machine adds.
    expect(heard.sort((a, b) => a - b)[2]).toBeLessThan(1000);
  });

  test('a process that is killed in the middle of its rotations leaves whole sessions and no lock', async () => {
    for (let n = 0; n < 5; n += 1) {
      const request = await started();
      const other = startOther();
      other.send('rotateForEver', request);
      let last = 0;
      while (last < 20 + n) last = Number((await other.next())['generation']);
      await other.kill();
      const session = await store.find(request.userId, request.sessionId);
      // All that was answered is stored, and perhaps more.
      const stored = session?.generation ?? 0;
      expect(stored).toBeGreaterThanOrEqual(last);
      expect((await store.rotate({ ...request, generation: stored })).outcome).toBe('replayed');
      expect((await store.rotate({ ...request, generation: stored + 1 })).outcome).toBe('rotated');
    }
  });

  describe('while another process has the file locked', () => {
    let other: OtherProcess;
    beforeEach(async () => {
      other = startOther();
      await other.call('exec', 'BEGIN IMMEDIATE');
    });

    test('a write is a 503 within 2 s, reads go on, and the event loop does too', async () => {
      useCallTimes(REAL);
      const request = await started().catch(() => undefined);
      expect(request).toBeUndefined();
      const endOfTurns = watchTurns();
      const calls = Array.from({ length: 200 }, () => () => store.revoke('somebody', 'session'));
      const settled = within(2000, () => Promise.allSettled(calls.map((call) => call())));
      expect(await within(500, () => store.list('somebody'))).toEqual([]);
      for (const result of await settled)
        expect(result).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
      // SQLite's own waiting would have stopped everything for as long as the lock lasts.
      expect(endOfTurns()).toBeLessThan(500);
      useCallTimes(PATIENT);
      await other.call('exec', 'COMMIT');
      expect(await store.revoke('somebody', 'session')).toBe(false);
    });

    test('a write waits for a lock that ends in time', async () => {
      const waiting = [
        store.revoke('somebody', 'session'),
        store.create(newSession('waiting', randomUUID())),
      ];
      await sleep(200);
      await other.call('exec', 'COMMIT');
      expect(await Promise.all(waiting)).toEqual([false, []]);
      expect(await store.list('waiting')).toHaveLength(1);
    });

    test('a process that is killed takes its lock with it', async () => {
      const waiting = store.revoke('somebody', 'session');
      await other.kill();
      expect(await waiting).toBe(false);
    });

    test('a write that was given up is not carried out later', async () => {
      useCallTimes(REAL);
      const { userId, sessionId } = newSession(randomUUID(), randomUUID());
      await expect(store.create(newSession(userId, sessionId))).rejects.toMatchObject(UNAVAILABLE);
      await other.call('exec', 'COMMIT');
      await sleep(50);
      expect(await store.find(userId, sessionId)).toBeUndefined();
    });
  });
});
