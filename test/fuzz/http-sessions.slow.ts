import fc from 'fast-check';
import { MemoryRefreshTokenStore, MemoryUserStore, type RefreshTokenStore } from '../../src/index';
import { testClock } from '../../src/testing/index';
import { createTestApp, type TestApp } from '../helpers/apps/app';
import { httpCommands } from './http-sessions';
import { runs } from './runs';
import { SessionModel } from './session-model';

type MakeStore = (clock: () => number) => RefreshTokenStore;

async function modelProperty(makeStore: MakeStore) {
  const users = new MemoryUserStore();
  for (const username of ['ann', 'bob']) await users.create({ username, passwordHash: null });
  const apps: TestApp[] = [];
  const property = fc.asyncProperty(httpCommands, async (commands) => {
    const setup = () => {
      const clock = testClock();
      const testApp = createTestApp({ users, refreshTokens: makeStore(clock), clock });
      apps.push(testApp);
      return { model: new SessionModel([], clock()), real: { testApp, clock, tokens: new Map() } };
    };
    await fc.asyncModelRun(setup, commands);
  });
  return property.afterEach(async () => {
    for (const { auth, unforeseen } of apps.splice(0)) {
      await auth.close();
      expect(unforeseen).toEqual([]);
    }
  });
}

test('over HTTP, with real tokens, every answer agrees with the model', async () => {
  const makeStore: MakeStore = (clock) => new MemoryRefreshTokenStore({ clock });
  await fc.assert(await modelProperty(makeStore), runs(60));
});

test('the model detects a store in which reuse never ends a session', async () => {
  class Forgiving extends MemoryRefreshTokenStore {
    override async rotate(request: Parameters<MemoryRefreshTokenStore['rotate']>[0]) {
      const stored = await super.find(request.userId, request.sessionId);
      return super.rotate({ ...request, generation: Math.max(request.generation, stored?.generation ?? 0) });
    }
  }
  const property = await modelProperty((clock) => new Forgiving({ clock }));
  const { failed } = await fc.check(property, { numRuns: 500, seed: 1, endOnFailure: true });
  expect(failed).toBe(true);
});
