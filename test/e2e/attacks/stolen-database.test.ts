import { randomUUID } from 'node:crypto';
import { PostgresRefreshTokenStore, PostgresUserStore, type StoredUser } from '../../../src/index';
import { ACCESS_SECRET, createTestApp, PASSWORD, REFRESH_SECRET, type TestApp } from '../../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';
import { expectFailure } from '../../helpers/failures';

useRealPasswords();

/** What docs/threat-model.md says about an attacker who can read the database, with the sessions in it. */

let database: TestDatabase;
let users: PostgresUserStore;
let testApp: TestApp;
beforeAll(async () => {
  database = await createDatabase();
  users = new PostgresUserStore(database.pool);
  const refreshTokens = new PostgresRefreshTokenStore(database.pool);
  await users.migrate();
  await refreshTokens.migrate();
  testApp = createTestApp({ users, refreshTokens });
  await testApp.register('ann');
});
afterAll(async () => {
  await testApp.auth.close();
  await database.close();
});

const login = (password: string) => testApp.client().post('/auth/login').send({ username: 'ann', password });

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const names = await database.pool.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const tables = names.rows.map(({ name }) =>
    database.pool.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`),
  );
  return (await Promise.all(tables)).flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n');
}

test('a dump of the database has no password, no token and no secret', async () => {
  const { accessToken, refreshToken } = await testApp.tokensOf('ann');
  const text = await dump();
  expect(text).toContain('ann');
  const parts = [accessToken, refreshToken].flatMap((token) => token.split('.').slice(1));
  for (const secret of [PASSWORD, ACCESS_SECRET, REFRESH_SECRET, ...parts])
    expect(text).not.toContain(secret);
});

test('a stolen hash does not log in', async () => {
  const hash = (await users.findByUsername('ann'))?.passwordHash as string;
  expect(await dump()).toContain(hash);
  expectFailure(await login(hash), 'INVALID_CREDENTIALS');
});

const takeAway: [how: string, take: (user: StoredUser) => Promise<unknown>][] = [
  ['SQL', ({ id }) => database.pool.query('UPDATE visa_users SET password_hash = NULL WHERE id = $1', [id])],
  [
    'the hash of a random text',
    async ({ id, passwordHash }) =>
      users.updatePasswordHash(id, await testApp.auth.passwords.hash(randomUUID()), passwordHash),
  ],
];

test.each(takeAway)('a password that is taken away by %s no longer logs in', async (how, take) => {
  const username = `user of ${how}`;
  await testApp.register(username);
  const logIn = () => testApp.client().post('/auth/login').send({ username, password: PASSWORD });
  expect((await logIn()).status).toBe(200);
  await take((await users.findByUsername(username)) as StoredUser);
  expectFailure(await logIn(), 'INVALID_CREDENTIALS');
});
