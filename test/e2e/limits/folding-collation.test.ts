import { Pool } from 'pg';
import { PasswordHasher } from '../../../src/accounts/password-hasher';
import {
  RedisRefreshTokenStore,
  UsernameTakenError,
  type NewUser,
  type StoredUser,
  type UserStore,
} from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { connectRedis, createDatabase, randomPrefix, type TestDatabase } from '../../helpers/apps/backends';
import { passwordHash } from '../../helpers/apps/limited-app';
import { expectFailure } from '../../helpers/failures';

const TABLE = `
  CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
  CREATE TABLE accounts (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE folded NOT NULL UNIQUE,
    password_hash text
  )`;

/** An app's own table. Its collation takes `rené`, `Rene` and `ｒｅｎｅ` for one name. */
class AccountStore implements UserStore {
  constructor(private readonly pool: Pool) {}
  findByUsername(username: string) {
    return this.one('SELECT * FROM accounts WHERE name = $1', [username]);
  }
  findById(id: string) {
    return this.one('SELECT * FROM accounts WHERE id::text = $1', [id]);
  }
  async create(user: NewUser) {
    const insert =
      'INSERT INTO accounts (name, password_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING *';
    const created = await this.one(insert, [user.username, user.passwordHash]);
    if (!created) throw new UsernameTakenError();
    return created;
  }
  updatePasswordHash = () => Promise.resolve(false);
  private async one(sql: string, values: unknown[]): Promise<StoredUser | undefined> {
    const { rows } = await this.pool.query<{ id: number; name: string; password_hash: string }>(sql, values);
    const [row] = rows;
    return row && { id: String(row.id), username: row.name, passwordHash: row.password_hash, roles: [] };
  }
}

/** `rene` in a hundred spellings, each of which is a name of its own by `usernameKey`. */
const SPELLINGS = [
  '\u0300',
  '\u0301',
  '\u0302',
  '\u0303',
  '\u0304',
  '\u0306',
  '\u0307',
  '\u0308',
  '\u030a',
  '\u030b',
].flatMap((accent, _, accents) => accents.map((other) => `re${accent}ne${other}`));

let database: TestDatabase;
/** Two apps with nothing in common but the servers, as two processes have. */
let apps: [TestApp, TestApp];
let keyPrefix: string;
let close: () => Promise<unknown>;

beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query(TABLE);
});
afterAll(() => database.close());

beforeEach(async () => {
  keyPrefix = randomPrefix();
  const parts = [0, 1].map(() => ({
    pool: new Pool({ connectionString: database.url }),
    redis: connectRedis(),
  }));
  apps = parts.map(({ pool, redis }) =>
    createTestApp({
      users: new AccountStore(pool),
      refreshTokens: new RedisRefreshTokenStore(redis, { keyPrefix }),
      limits: { address: false },
    }),
  ) as [TestApp, TestApp];
  close = async () => {
    for (const { auth } of apps) await auth.close();
    for (const { pool, redis } of parts) await pool.end().finally(() => redis.disconnect());
  };
  await database.pool.query('TRUNCATE accounts RESTART IDENTITY');
  await new AccountStore(database.pool).create({ username: 'rene', passwordHash });
});
afterEach(() => close());

const login = (username: string, password: string, app = apps[0]) =>
  app.client().post('/auth/login').send({ username, password });

test('100 parallel guesses at one user under 100 spellings over two processes compare 10 passwords', async () => {
  const compared = jest.spyOn(PasswordHasher.prototype, 'verify');
  const answers = await Promise.all(SPELLINGS.map((name, index) => login(name, 'wrong', apps[index % 2])));
  const calls = compared.mock.calls.filter(([, stored]) => stored !== null);
  compared.mockRestore();
  expect(answers).toHaveLength(100);
  for (const answer of answers) expectFailure(answer, 'INVALID_CREDENTIALS');
  expect(calls).toHaveLength(10);
  // In both processes: the right password by another name has to wait, and the user's own name doesn't.
  for (const app of apps) {
    expectFailure(await login('rēne', PASSWORD, app), 'INVALID_CREDENTIALS');
    expect((await login('rene', PASSWORD, app)).status).toBe(200);
  }
});

test('guesses at the own name and at all spellings of it, in parallel over two processes, compare 20 passwords at most', async () => {
  const compared = jest.spyOn(PasswordHasher.prototype, 'verify');
  const names = SPELLINGS.flatMap((name) => ['rene', name]);
  await Promise.all(names.map((name, index) => login(name, 'wrong', apps[index % 2])));
  const calls = compared.mock.calls.filter(([, stored]) => stored !== null);
  compared.mockRestore();
  expect(calls).toHaveLength(20);
});

test('the wait of a user has ended when that of a typed name has, and the right password lets the user in', async () => {
  const redis = connectRedis();
  const waitOf = async (limit: string) => {
    const [key = ''] = await redis.keys(`${keyPrefix}attempts:${limit}-turn:*`);
    return { key, ms: await redis.pttl(key) };
  };
  const guess = () => login('rëne', 'wrong');
  for (let count = 0; count < 10; count += 1) expectFailure(await guess(), 'INVALID_CREDENTIALS');
  // The first wait has another length than the next.
  for (const seconds of [60, 120]) {
    const [ofName, ofUser] = [await waitOf('username'), await waitOf('other-names')];
    expect(ofName.ms).toBeLessThanOrEqual(seconds * 1000);
    expect(ofUser.ms).toBeLessThan(ofName.ms - 3000);
    await redis.del(ofName.key, ofUser.key);
    if (seconds === 60) expectFailure(await guess(), 'INVALID_CREDENTIALS');
  }
  expect((await login('rëne', PASSWORD)).status).toBe(200);
  redis.disconnect();
});
