import assert from 'node:assert/strict';
import type {
  NewSession,
  RefreshTokenStore,
  RotateRequest,
  RotateResult,
} from '../stores/refresh-token-store.js';
import type { ContractCase } from './contract.js';
import { request, REUSE_WINDOW, started } from './session-fixtures.js';

type PromiseCase = (name: string, prove: (store: RefreshTokenStore) => Promise<void>) => ContractCase;

/** Replays from elsewhere, which reveal a thief who follows every refresh. */
export function originCases(promise: PromiseCase): ContractCase[] {
  return [
    promise('reports the first replay from elsewhere in a session, and no other', async (store) => {
      const session = await started(store);
      assert.equal(await present(store, session, 1, 'home'), 'rotated');
      assert.equal(await present(store, session, 1, 'home'), 'replayed');
      assert.equal(await present(store, session, 1, 'away'), 'first replay from elsewhere');
      assert.equal(await present(store, session, 1, 'further'), 'replayed');
      assert.equal(await present(store, session, 2, 'home'), 'rotated');
      assert.equal(await present(store, session, 2, 'away'), 'replayed');
    }),

    promise('ends a session after replays from elsewhere in so many generations in a row', async (store) => {
      const session = await started(store, { amr: ['pwd'] });
      for (const generation of [1, 2]) {
        assert.equal(await present(store, session, generation, 'home'), 'rotated');
        for (const origin of ['away', 'away', 'further', 'home'])
          assert.notEqual(await present(store, session, generation, origin), 'reused');
      }
      const before = await store.find(session.userId, session.sessionId);
      assert.deepEqual([before?.generation, before?.amr, before?.userAgent], [2, ['pwd'], session.userAgent]);
      // The thief may also come first.
      assert.equal(await present(store, session, 3, 'away'), 'rotated');
      assert.equal(await present(store, session, 3, 'home'), 'reused');
      assert.equal(await store.find(session.userId, session.sessionId), undefined);
      assert.equal(await present(store, session, 4, 'home'), 'unknown');
    }),

    promise('counts again from one after a generation without a replay from elsewhere', async (store) => {
      const session = await started(store);
      for (const [generation, replayer] of [...'aahaahaa'].entries()) {
        assert.equal(await present(store, session, generation + 1, 'h'), 'rotated');
        assert.notEqual(await present(store, session, generation + 1, replayer), 'reused');
      }
    }),

    promise('counts no replay by the same attempt, and none whose origin is not known', async (store) => {
      const session = await started(store);
      const rounds: [Partial<RotateRequest>, Partial<RotateRequest>][] = [
        [
          { origin: 'home', attempt: 'one' },
          { origin: 'away', attempt: 'one' },
        ],
        [{ origin: undefined }, { origin: 'away' }],
        [{ origin: 'home' }, { origin: undefined }],
      ];
      for (const [n, [first, again]] of rounds.entries()) {
        const rules = { maxElsewhere: 1 };
        assert.equal(
          (await store.rotate(request(session, n + 1, { ...rules, ...first }))).outcome,
          'rotated',
        );
        const result = await store.rotate(request(session, n + 1, { ...rules, ...again }));
        assert.equal(nameOf(result), 'replayed');
      }
    }),

    promise('ends no session for replays from elsewhere without a maximum', async (store) => {
      const session = await started(store);
      for (let generation = 1; generation <= 5; generation++)
        for (const origin of ['home', 'away'])
          assert.notEqual(await present(store, session, generation, origin, {}), 'reused');
    }),

    promise('refuses a replay from elsewhere after the reuse window as any other', async (store) => {
      const session = await started(store);
      const { createdAt } = session;
      const at = (seconds: number) => ({ now: new Date(createdAt.getTime() + seconds * 1000) });
      await store.rotate(request(session, 1, { origin: 'home', ...at(0) }));
      const late = await store.rotate(request(session, 1, { origin: 'away', ...at(REUSE_WINDOW + 1) }));
      assert.equal(late.outcome, 'reused');
    }),

    promise(
      'counts a generation once when many replays come from elsewhere at the same time',
      async (store) => {
        const session = await started(store);
        for (const generation of [1, 2]) {
          await present(store, session, generation, 'home');
          const all = await Promise.all(
            Array.from({ length: 20 }, (_, n) => present(store, session, generation, `away${n % 3}`)),
          );
          const first = all.filter((outcome) => outcome === 'first replay from elsewhere');
          assert.equal(first.length, generation === 1 ? 1 : 0);
          assert.ok(!all.includes('reused'));
        }
      },
    ),
  ];
}

async function present(
  store: RefreshTokenStore,
  session: NewSession,
  generation: number,
  origin: string,
  rules: Partial<RotateRequest> = { maxElsewhere: 3 },
): Promise<string> {
  return nameOf(await store.rotate(request(session, generation, { origin, ...rules })));
}

function nameOf(result: RotateResult): string {
  return 'session' in result && result.firstElsewhere ? 'first replay from elsewhere' : result.outcome;
}
