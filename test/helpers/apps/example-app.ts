import { hash } from 'bcryptjs';
import path from 'node:path';
import { emailAccount, PostgresUserStore, RedisRefreshTokenStore, type StoredUser } from '../../../src/index';
import { ACCESS_SECRET, createTestApp, PASSWORD, REFRESH_SECRET, setCookies, type TestApp } from './app';
import { connectRedis, createDatabase, type TestDatabase } from './backends';
import { EXAMPLE, ExampleProcess } from './example-process';

/** One for each file that runs at the same time: logins and offers of passkeys that come from the same address would count for all. */
const REDIS_DATABASE = 8 + (Number(process.env['JEST_WORKER_ID']) % 8);
const NAMES = ['Ann', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gus', 'Hana', 'Ida', 'Jun', 'Kim', 'Leo'];
const PASSWORD_COST = 12; // with a lower one, the first login would hash the password again

export interface ExampleApp {
  url: string;
  users: PostgresUserStore;
  sessions: RedisRefreshTokenStore;
  /** Creates a user with `PASSWORD`. Default: a new name, such as accounts had before names were e-mail addresses. */
  createUser(options?: { username?: string; roles?: string[] }): Promise<StoredUser>;
  /** The cookies of a new session. No password is hashed for it: that takes longer than the rest of a test. */
  startSession(user: StoredUser, userAgent?: string): Promise<{ name: string; value: string }[]>;
  /** The cookies of a session whose login was 6 minutes ago, with a password only. */
  startOldSession(user: StoredUser): Promise<{ name: string; value: string }[]>;
}

/** The example in its own process, with real PostgreSQL and Redis, for the tests of a file. */
export function useExampleApp(env: Record<string, string> = {}): ExampleApp {
  const app = {} as ExampleApp;
  const redis = connectRedis({ db: REDIS_DATABASE, lazyConnect: true });
  let database: TestDatabase;
  let example: ExampleProcess;
  let issuer: TestApp;
  let created = 0;

  beforeAll(async () => {
    await redis.connect();
    await redis.flushdb(); // of the file before
    database = await createDatabase();
    const passwordHash = await hash(PASSWORD, PASSWORD_COST);
    example = new ExampleProcess({
      DATABASE_URL: database.url,
      REDIS_URL: `${process.env['TEST_REDIS_URL']}/${REDIS_DATABASE}`,
      ENV_FILE: path.join(EXAMPLE, 'none.env'), // the developer who runs the tests may have an .env file
      ACCESS_TOKEN_SECRET: ACCESS_SECRET,
      REFRESH_TOKEN_SECRET: REFRESH_SECRET,
      FACTOR_KEY: 'the key of second factors, for tests',
      ...env,
    });
    await example.waitForOutput('listens on');
    app.url = example.url;
    app.users = new PostgresUserStore(database.pool);
    app.sessions = new RedisRefreshTokenStore(redis);
    // Issues sessions like another process of the same app would, with the same claims.
    issuer = createTestApp({
      users: app.users,
      refreshTokens: app.sessions,
      storeUserAgent: 'label',
      features: [emailAccount({ send: () => undefined, baseUrl: 'https://app.example', appName: 'Example' })],
    });
    app.startSession = async ({ username }, userAgent = '') => {
      const login = issuer.client().post('/quick-login').set('User-Agent', userAgent);
      const cookies = setCookies(await login.send({ username }));
      return Object.entries(cookies).map(([name, { value }]) => ({ name, value }));
    };
    app.startOldSession = async ({ id }) => {
      const authTime = new Date(Date.now() - 6 * 60_000);
      const { accessToken, refreshToken } = await issuer.auth.sessions.start(id, { amr: ['pwd'], authTime });
      return [
        { name: 'accessToken', value: accessToken },
        { name: 'refreshToken', value: refreshToken },
      ];
    };
    app.createUser = ({ username = NAMES[created++] ?? `Ann ${created}`, roles = [] } = {}) =>
      app.users.create({ username, passwordHash, roles });
  });
  afterAll(async () => {
    const exitCode = await example.stop();
    await issuer.auth.close();
    redis.disconnect();
    await database.close();
    expect(exitCode).toBe(0);
  });
  return app;
}
