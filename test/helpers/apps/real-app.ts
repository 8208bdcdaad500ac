import { createRealStores, createTestApp, type RealStores, type TestApp } from './app';

export interface RealApp {
  stores: RealStores;
  testApp: TestApp;
  /** The user of the current test. */
  userId: string;
  username: string;
}

/** An app with real PostgreSQL and Redis for the tests of a file, and a new user for each test. */
export function useRealApp(passwordHash: string | null = null): RealApp {
  const real = {} as RealApp;
  let users = 0;

  beforeAll(async () => {
    real.stores = await createRealStores();
    real.testApp = createTestApp(real.stores.options);
  });
  beforeEach(async () => {
    users += 1;
    real.username = `user ${users}`;
    const user = await real.stores.options.users.create({ username: real.username, passwordHash });
    real.userId = user.id;
  });
  afterAll(async () => {
    await real.testApp.auth.close();
    await real.stores.close();
    expect(real.testApp.unforeseen).toEqual([]);
  });
  return real;
}
