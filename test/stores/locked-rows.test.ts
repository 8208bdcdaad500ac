import { Client, Pool } from 'pg';
import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { useCallTimes } from '../helpers/call-times';
import { quickHash } from '../helpers/apps/quick-passwords';

const POOL_SIZE = 4;
// Long enough for a busy machine, and short enough for a test.
useCallTimes({ timeout: 4000, lockWait: 250 });

let database: TestDatabase;
let pool: Pool;
let app: TestApp;
let users: PostgresUserStore;

beforeAll(async () => {
  database = await createDatabase();
  pool = new Pool({ connectionString: database.url, max: POOL_SIZE });
  users = new PostgresUserStore(pool);
  const refreshTokens = new PostgresRefreshTokenStore(pool);
  await users.migrate();
  await refreshTokens.migrate();
  app = createTestApp({ users, refreshTokens });
  await app.auth.ready();
  for (const username of ['ann', 'bob']) await users.create({ username, passwordHash: quickHash(PASSWORD) });
});
afterAll(async () => {
  await app.auth.close();
  await pool.end();
  await database.close();
});

const idOf = async (username: string) => (await users.findByUsername(username))?.id ?? '';

/** Another transaction of the app locks rows of ann, and doesn't end. @returns what ends it */
async function lock(table: string, column: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: database.url });
  const id = await idOf('ann');
  await client.connect();
  await client.query('BEGIN');
  const { rowCount } = await client.query(`SELECT 1 FROM ${table} WHERE ${column} = $1 FOR UPDATE`, [id]);
  expect(rowCount).toBeGreaterThan(0);
  return () => client.end();
}

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;

const SESSIONS = ['visa_refresh_tokens', 'user_id'] as const;
const USERS = ['visa_users', 'id'] as const;

test.each<[string, readonly [string, string], (ann: Tokens) => PromiseLike<{ status: number }>]>([
  ['refreshes', SESSIONS, ({ refreshToken }) => app.client().post('/auth/refresh').send({ refreshToken })],
  ['logs out', SESSIONS, ({ refreshToken }) => app.client().post('/auth/logout').send({ refreshToken })],
  [
    'logs out everywhere',
    SESSIONS,
    ({ accessToken }) => app.client().post('/auth/logout-all').auth(accessToken, { type: 'bearer' }),
  ],
  [
    'changes the password',
    USERS,
    ({ accessToken }) =>
      app
        .client()
        .post('/auth/password')
        .auth(accessToken, { type: 'bearer' })
        .send({ currentPassword: PASSWORD, newPassword: 'another stapler 4 you' }),
  ],
])(
  'a user who %s again and again while their row is locked gets 503, and others refresh meanwhile',
  async (_what, [table, column], send) => {
    const [ann, bob] = [await app.tokensOf('ann'), await app.tokensOf('bob')];
    const unlock = await lock(table, column);
    try {
      const answers = Promise.all(Array.from({ length: 2 * POOL_SIZE }, () => send(ann)));
      expect(new Set((await answers).map(({ status }) => status))).toEqual(new Set([503]));
      const { refreshToken } = bob;
      expect((await app.client().post('/auth/refresh').send({ refreshToken })).status).toBe(200);
      expect(pool.idleCount).toBe(pool.totalCount);
    } finally {
      await unlock();
    }
    expect((await send(ann)).status).toBe(200);
  },
);
