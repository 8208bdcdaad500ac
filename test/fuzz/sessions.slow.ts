import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { MemoryRefreshTokenStore, type RotateRequest } from '../../src';
import { agedMemory, backends, type AgedStore, type Backend } from './aged-stores';
import { runs } from './runs';
import { sessionCommands } from './session-commands';
import { SessionModel } from './session-model';

/** User ids, some of them with characters that mean something in Redis or SQL. */
const newUserIds = () => ['ann', '{a}:b\n"%', "'; DROP --"].map((name) => `${name} ${randomUUID()}`);

const modelProperty = (start: () => AgedStore) =>
  fc.asyncProperty(sessionCommands, async (commands) => {
    const setup = () => {
      const real = start();
      return { model: new SessionModel(newUserIds(), real.now), real };
    };
    await fc.asyncModelRun(setup, commands);
  });

describe.each(Object.keys(backends))('the session store in %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await (backends[name] as () => Promise<Backend>)();
  });
  afterAll(() => backend.close());

  test('agrees with the model after logins, rotations, replays, races, revocations and time in any order', async () => {
    await fc.assert(modelProperty(backend.start), runs(name === 'memory' ? 150 : 25));
  });
});

/** Each store has one bug. The test above is only worth something if it finds each of them. */
const BROKEN: Record<string, new (options: { clock: () => number }) => MemoryRefreshTokenStore> = {
  'a reuse window that is a millisecond longer': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, reuseWindowSeconds: 30.001 });
  },
  'a reuse window that is a millisecond shorter': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, reuseWindowSeconds: 29.999 });
  },
  'attempts that are not stored': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, attempt: undefined });
  },
  'a replay from elsewhere that is not counted': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, maxElsewhere: undefined });
  },
  'a replay from elsewhere that is reported although its attempt is the same': class extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      const result = await super.rotate(request);
      return request.attempt && result.outcome === 'replayed' ? { ...result, firstElsewhere: true } : result;
    }
  },
  'a thief who is found a generation early': class extends MemoryRefreshTokenStore {
    override rotate = ({ maxElsewhere, ...request }: RotateRequest) =>
      super.rotate({ ...request, maxElsewhere: maxElsewhere && maxElsewhere - 1 });
  },
  'a revocation that does nothing': class extends MemoryRefreshTokenStore {
    override revoke = async (userId: string, sessionId: string) =>
      (await super.find(userId, sessionId)) !== undefined;
  },
  'a revokeAll without an exception': class extends MemoryRefreshTokenStore {
    override revokeAll = (userId: string) => super.revokeAll(userId);
  },
  'a replay that counts as a rotation': class extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      const stored = await super.find(request.userId, request.sessionId);
      const isReplay = stored?.generation === request.generation;
      return super.rotate(isReplay ? { ...request, generation: request.generation + 1 } : request);
    }
  },
  'a refused token whose rotation the store has lost': class extends MemoryRefreshTokenStore {
    override async rotate(request: RotateRequest) {
      const stored = await super.find(request.userId, request.sessionId);
      if (stored && request.generation > stored.generation + 1) return { outcome: 'unknown' } as const;
      return super.rotate(request);
    }
  },
  'a rotation that checks first and writes later': class extends MemoryRefreshTokenStore {
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
  'no maximum lifetime': class extends MemoryRefreshTokenStore {
    override rotate = (request: RotateRequest) => super.rotate({ ...request, maxLifetimeSeconds: 1e9 });
  },
};

test.each(Object.entries(BROKEN))('the model detects %s', async (_what, Store) => {
  const start = () => agedMemory((clock) => new Store({ clock }));
  // The same values every time, because this tests the test, not the store.
  const { failed } = await fc.check(modelProperty(start), { numRuns: 1000, seed: 1, endOnFailure: true });
  expect(failed).toBe(true);
});
