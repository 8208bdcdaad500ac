import type { Test } from 'supertest';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp, type TestOptions } from './app';
import type { AttemptBackend } from './attempt-backends';
import { quickHash } from './quick-passwords';

export const passwordHash = quickHash(PASSWORD);

/** An app for the test that runs, whose attempts are limited. */
export interface LimitedApp {
  /** The app that was opened last, and its users in memory. */
  testApp: TestApp;
  users: MemoryUserStore;
  /** What `startBackend` returned. */
  backend: AttemptBackend;
  /** Creates an app with the users ann and bob. `trustProxy` is what the app trusts in front of it. */
  open(options?: TestOptions, trustProxy?: boolean | number): Promise<void>;
  /** @param from the address that the client claims, in X-Forwarded-For */
  login(username: string, password: string, from?: string): Test;
}

/**
 * Closes the apps of each test after it, and expects no error in their error handlers.
 * @param startBackend where each test counts attempts. Default: in memory, separately for each app
 */
export function useLimitedApp(startBackend?: () => Promise<AttemptBackend> | AttemptBackend): LimitedApp {
  const opened: TestApp[] = [];
  const limited = {
    async open(options = {}, trustProxy = false) {
      limited.users = new MemoryUserStore();
      for (const username of ['ann', 'bob']) await limited.users.create({ username, passwordHash });
      limited.testApp = createTestApp({
        users: limited.users,
        refreshTokens: startBackend ? limited.backend.store : new MemoryRefreshTokenStore(),
        ...options,
      });
      limited.testApp.app.set('trust proxy', trustProxy);
      opened.push(limited.testApp);
    },
    login(username, password, from) {
      const request = limited.testApp.client().post('/auth/login');
      return (from === undefined ? request : request.set('X-Forwarded-For', from)).send({
        username,
        password,
      });
    },
  } as LimitedApp;

  beforeEach(async () => {
    if (startBackend) limited.backend = await startBackend();
  });
  afterEach(async () => {
    for (const { auth } of opened) await auth.close();
    if (startBackend) await limited.backend.close();
    expect(opened.splice(0).flatMap(({ unforeseen }) => unforeseen)).toEqual([]);
  });
  return limited;
}
