import assert from 'node:assert/strict';
import type {
  NewSession,
  RaiseRequest,
  RaiseResult,
  RefreshTokenStore,
  Session,
} from '../stores/refresh-token-store.js';
import type { ContractCase } from './contract.js';
import { HOUR, newSession, request, REUSE_WINDOW, started } from './session-fixtures.js';

type RaisingStore = RefreshTokenStore & Required<Pick<RefreshTokenStore, 'raise'>>;
type PromiseCase = (name: string, prove: (store: RefreshTokenStore) => Promise<void>) => ContractCase;

/** More than any session has before. */
const HIGH = 2 ** 20;

/** A new proof in a session that goes on. A store without `raise` keeps these promises too. */
export function raiseCases(promiseCase: PromiseCase): ContractCase[] {
  const promise = (name: string, prove: (store: RaisingStore) => Promise<void>) =>
    promiseCase(name, async (store) => {
      if (typeof store.raise === 'function') await prove(store as RaisingStore);
    });

  return [
    promise('raises a session, and leaves its other members unchanged', async (store) => {
      const session = await started(store, { remember: true, amr: ['pwd'], userAgent: 'Browser/1.0 (X)' });
      await store.rotate(request(session, 1, { origin: 'home' }));
      const authTime = new Date(session.createdAt.getTime() + 60_000);
      const raise = raiseRequest(session, HIGH, { authTime, amr: ['otp', 'mfa'], attempt: 'one' });
      const { outcome, session: after, now } = await raised(store, raise);
      assert.equal(outcome, 'raised');
      const { generation, rotatedAt, expiresAt, attempt, authTime: proved, amr, ...others } = after;
      assert.deepEqual([generation, attempt, proved, amr], [HIGH, 'one', authTime, ['otp', 'mfa']]);
      assert.deepEqual([rotatedAt, expiresAt], [now, new Date(now.getTime() + 3 * HOUR * 1000)]);
      for (const [member, value] of Object.entries(others))
        assert.deepEqual(value, session[member as keyof NewSession], member);
      assert.deepEqual(await store.find(session.userId, session.sessionId), after);
      assert.equal((await store.rotate(request(session, HIGH + 1))).outcome, 'rotated');
      assert.deepEqual((await found(store, session)).amr, ['otp', 'mfa']);
    }),

    promise('replaces how the user proved who they are, also by nothing', async (store) => {
      const session = await started(store, {
        amr: ['pwd', 'otp', 'mfa'],
        userAgent: undefined,
        ip: undefined,
      });
      await raised(store, raiseRequest(session, HIGH, { origin: undefined }));
      assert.equal((await found(store, session)).amr, undefined);
      await raised(store, raiseRequest(session, 2 * HIGH, { amr: ['hwk'], origin: undefined }));
      const { amr, ip, userAgent } = await found(store, session);
      assert.deepEqual([amr, ip, userAgent], [['hwk'], undefined, undefined]);
      const other = await started(store);
      await raised(store, raiseRequest(other, HIGH, { amr: ['pwd'] }));
      assert.deepEqual((await found(store, other)).amr, ['pwd']);
    }),

    promise('ends a raised session at once when a token from before comes back', async (store) => {
      for (const old of [1, 2, 3, HIGH - 1]) {
        const session = await started(store);
        await store.rotate(request(session, 1, { attempt: 'one' }));
        await raised(store, raiseRequest(session, HIGH, { attempt: 'two' }));
        for (const attempt of ['one', 'two'])
          assert.notEqual((await store.rotate(request(session, old, { attempt }))).outcome, 'replayed');
        assert.equal(await store.find(session.userId, session.sessionId), undefined);
      }
    }),

    promise('raises a session by the same attempt once, and then writes nothing', async (store) => {
      const session = await started(store);
      const { session: first } = await raised(store, raiseRequest(session, HIGH, { attempt: 'one' }));
      const again = raiseRequest(session, 2 * HIGH, { attempt: 'one', authTime: new Date(0), amr: ['pwd'] });
      const later = { ...again, now: new Date(first.rotatedAt.getTime() + (REUSE_WINDOW + 1) * 1000) };
      for (const repeated of [again, later, { ...again, generation: HIGH }]) {
        const result = await raised(store, repeated);
        assert.deepEqual([result.outcome, result.session], ['replayed', first]);
      }
      assert.deepEqual(await found(store, session), first);
    }),

    promise('treats missing and empty attempts of raises as different attempts', async (store) => {
      for (const attempt of [undefined, '']) {
        const session = await started(store);
        await raised(store, raiseRequest(session, HIGH, { attempt }));
        assert.deepEqual(await store.raise(raiseRequest(session, HIGH, { attempt })), { outcome: 'outrun' });
        const next = await raised(store, raiseRequest(session, 2 * HIGH, { attempt }));
        assert.equal(next.outcome, 'raised');
      }
    }),

    promise('changes nothing when another request has raised the session first', async (store) => {
      const session = await started(store);
      const { session: first } = await raised(store, raiseRequest(session, HIGH, { amr: ['otp'] }));
      for (const generation of [1, HIGH]) {
        const late = raiseRequest(session, generation, { amr: ['pwd'], attempt: 'another' });
        assert.deepEqual(await store.raise(late), { outcome: 'outrun' });
      }
      assert.deepEqual(await found(store, session), first);
    }),

    promise('raises a session once under 100 parallel raises and rotations', async (store) => {
      const session = await started(store);
      const raises = Array.from({ length: 100 }, (_, n) =>
        store.raise(raiseRequest(session, HIGH, { attempt: `attempt-${n}`, amr: [`m${n}`] })),
      );
      const [results] = await Promise.all([
        Promise.all(raises),
        ...[1, 1, 1].map((generation) => store.rotate(request(session, generation))),
      ]);
      const won = results.filter(({ outcome }) => outcome === 'raised');
      assert.equal(won.length, 1);
      const stored = await store.find(session.userId, session.sessionId);
      // A rotation that comes after the raise is a reuse, and ends the session.
      if (stored) assert.deepEqual(won[0], { ...won[0], session: stored });
    }),

    promise('raises no session that has ended or expired, and none of another user', async (store) => {
      const session = await started(store);
      assert.deepEqual(await store.raise(raiseRequest(newSession(), HIGH)), { outcome: 'unknown' });
      const stranger = { ...raiseRequest(session, HIGH), userId: newSession().userId };
      assert.deepEqual(await store.raise(stranger), { outcome: 'unknown' });
      const atExpiry = raiseRequest(session, HIGH, { now: session.expiresAt });
      assert.deepEqual(await store.raise(atExpiry), { outcome: 'unknown' });
      const ended = await started(store);
      await store.revoke(ended.userId, ended.sessionId);
      assert.deepEqual(await store.raise(raiseRequest(ended, HIGH)), { outcome: 'unknown' });
    }),
  ];
}

function raiseRequest(
  session: NewSession,
  generation: number,
  members: Partial<RaiseRequest> = {},
): RaiseRequest {
  const { reuseWindowSeconds: _none, ...rest } = request(session, generation, { origin: 'home' });
  return { ...rest, authTime: session.createdAt, ...members };
}

type Raised = Extract<RaiseResult, { session: unknown }>;

async function raised(store: RaisingStore, raise: RaiseRequest): Promise<Raised> {
  const result = await store.raise(raise);
  assert.ok('session' in result, `expected a raised session, got ${result.outcome}`);
  return result;
}

async function found(store: RefreshTokenStore, { userId, sessionId }: NewSession): Promise<Session> {
  const session = await store.find(userId, sessionId);
  assert.ok(session, 'expected the session to be there');
  return session;
}
