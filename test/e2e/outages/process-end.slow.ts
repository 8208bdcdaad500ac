import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';
import { expectToEnd } from '../../helpers/apps/process-end';

/** An app that shuts down. Its process must end whether or not it calls `auth.close()`. */
const SCRIPT = `
import { Redis } from 'ioredis';
import pg from 'pg';
import { createAuth, MemoryUserStore, PostgresRefreshTokenStore, RedisRefreshTokenStore } from 'passport-visa';
const [store, ending] = process.argv.slice(1);
const client = store === 'redis' ? new Redis(process.env.REDIS_URL) : new pg.Pool({ connectionString: process.env.DATABASE_URL });
const refreshTokens = store === 'redis' ? new RedisRefreshTokenStore(client) : new PostgresRefreshTokenStore(client);
if (store === 'postgres') await refreshTokens.migrate();
const auth = createAuth({
  users: new MemoryUserStore(),
  refreshTokens,
  accessToken: { secret: 'access secret of a process that ends' },
  refreshToken: { secret: 'refresh secret of a process that ends' },
});
await auth.ready();
if (ending.includes('auth')) await auth.close();
await (store === 'redis' ? client.quit() : client.end());
`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

test.each([
  ['redis', 'auth.close() and its own client'],
  ['redis', 'only its own client'],
  ['postgres', 'auth.close() and its own client'],
  ['postgres', 'only its own client'],
])('%s: a process that closes %s ends by itself', async (store, ending) => {
  const env = { DATABASE_URL: database.url, REDIS_URL: process.env['TEST_REDIS_URL'] };
  await expectToEnd(SCRIPT, [store, ending], env);
});
