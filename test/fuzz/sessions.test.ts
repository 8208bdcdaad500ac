import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { MemoryRefreshTokenStore, type RotateRequest } from '../../src';
import { agedMemory, backends, type AgedStore, type Backend } from './aged-stores';
import { runs } from './runs';
import { sessionCommands } from './session-commands';
import { SessionModel } from './session-model';

/** Ids that have been used for other purposes than to be ids. */
const usersOfARun = () => ['ann', '{a}:b\n"%', "'; DROP --"].map((name) => `${name} ${randomUUID()}`);

const agreesWithModel = (start: () => AgedStore) =>
  fc.asyncProperty(sessionCommands, async (commands) => {
    const setup = () => {
      const real = start();
      return { model: new SessionModel(usersOfARun(), real.now), real };
    };
    await fc.asyncModelRun(setup, commands);
  });

describe.each(Object.keys(backends))('sessions in %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await (backends[name] as () => Promise<Backend>)();
  });
  afterAll(() => backend.close());

  test('logins, rotations, replays, races, revocations and time, in whatever order, end as the model says', async () => {
    await fc.assert(agreesWithModel(backend.start), runs(name === 'memory' ? 150 : 25));
  });
});

/** Each is wrong in one place, so that a test that finds none of them would find nothing. */
const BROKEN: Record<string, new (options: { clock: () => number }) => MemoryRefreshTokenStore> = {
  'a reuse window that is a millisecond longer': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, reuseWindowSeconds: 30.001 });
  },
  'a reuse window that is a millisecond shorter': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, reuseWindowSeconds: 29.999 });
  },
  'attempts that are forgotten': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, attempt: undefined });
  },
  'a revocation that does nothing': class extends MemoryRefreshTokenStore {
    override revoke = async (userId: string, sessionId: string) =>
      (await super.find(userId, sessionId)) !== undefined;
  },
  'a revocation of all that spares nobody': class extends MemoryRefreshTokenStore {
    override revokeAll = (userId: string) => super.revokeAll(userId);
  },
  'a replay that counts as a rotation': class extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      const stored = await super.find(request.userId, request.sessionId);
      const isReplay = stored?.generation === request.generation;
      return super.rotate(isReplay ? { ...request, generation: request.generation + 1 } : request);
    }
  },
  'a generation from beyond a lost write that is refused': class extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      const stored = await super.find(request.userId, request.sessionId);
      if (stored && request.generation > stored.generation + 1) return { outcome: 'unknown' } as const;
      return super.rotate(request);
    }
  },
  'check, then act': class extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      const stored = await super.find(request.userId, request.sessionId);
      await new Promise(setImmediate);
      if (stored?.generation === 0) await super.create(stored);
      return super.rotate(request);
    }
  },
  'a clock that is an hour behind': class extends MemoryRefreshTokenStore {
    constructor({ clock }: { clock: () => number }) {
      super({ clock: () => clock() - 3_600_000 });
    }
  },
  'no greatest lifetime': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, maxLifetimeSeconds: 1e9 });
  },
};

test.each(Object.entries(BROKEN))('the model finds out %s', async (_what, Store) => {
  const start = () => agedMemory((clock) => new Store({ clock }));
  // The same values every time: this tries the test, and not the store.
  const { failed } = await fc.check(agreesWithModel(start), { numRuns: 1000, seed: 1, endOnFailure: true });
  expect(failed).toBe(true);
});
