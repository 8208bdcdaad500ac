import { randomUUID } from 'node:crypto';
import {
  PostgresRefreshTokenStore,
  PostgresUserStore,
  UsernameTakenError,
  type UserColumns,
} from '../../src';
import { en } from '../../src/messages/en';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { expectNobody } from './hostile-ids';
import { newFollower, newSession, newToken } from './samples';

const HASH = `$2b$10$${'c'.repeat(53)}`;
/** LATIN1 holds none of them. It has the key of the last one. */
const UNFIT = ['한국', '😀', 'Ÿves'];
const REFUSED = {
  code: 'VALIDATION_FAILED',
  errors: [{ path: 'username', message: en.unsupportedCharacters }],
};
const COLUMNS: UserColumns = { id: 'id', username: 'email', passwordHash: 'password_hash' };
const FLAGGED: UserColumns = { ...COLUMNS, disabled: 'shut' };
const KEYED: UserColumns = { ...FLAGGED, usernameKey: 'email_key' };

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase('LATIN1');
  for (const table of ['people', 'keyed'])
    await database.pool.query(
      `CREATE TABLE ${table} (id text PRIMARY KEY, email text NOT NULL UNIQUE, email_key text UNIQUE, password_hash text, shut boolean NOT NULL DEFAULT false)`,
    );
});
afterAll(() => database.close());

describe.each<[string, () => PostgresUserStore]>([
  ['tables of the store', () => new PostgresUserStore(database.pool)],
  ['a table of the app', () => new PostgresUserStore(database.pool, { table: 'people', columns: FLAGGED })],
  ['a column of keys', () => new PostgresUserStore(database.pool, { table: 'keyed', columns: KEYED })],
])('users in LATIN1, in %s', (_where, storeOf) => {
  let store: PostgresUserStore;
  const create = (username: string) => store.create({ username, passwordHash: HASH });
  beforeAll(async () => {
    store = storeOf();
    await store.migrate();
    await create('José');
  });

  test('names that fit are found however they are spelled, and are taken once', async () => {
    for (const typed of ['José', 'josé', 'JOSE\u0301', 'Jose\u0301'])
      expect([typed, (await store.findByUsername(typed))?.username]).toEqual([typed, 'José']);
    await expect(create('JOSÉ')).rejects.toThrow(UsernameTakenError);
    await expect(create('JOSE\u0301')).rejects.toThrow(UsernameTakenError);
    const { id } = await create('Zoë');
    expect(await store.updateUsername(id, 'Chloé', 'Zoë')).toBe(true);
    expect((await store.findByUsername('CHLOE\u0301'))?.id).toBe(id);
    await expect(store.updateUsername(id, 'josé', 'Chloé')).rejects.toThrow(UsernameTakenError);
  });

  test.each(UNFIT)('the name %s is nobody, and is refused by name', async (name) => {
    expect(await store.findByUsername(name)).toBeUndefined();
    await expect(create(name)).rejects.toMatchObject(REFUSED);
    const josé = await store.findByUsername('josé');
    await expect(store.updateUsername(josé?.id as string, name, 'José')).rejects.toMatchObject(REFUSED);
    expect(await store.updateUsername(josé?.id as string, 'Ann', name)).toBe(false);
    const identity = { issuer: 'https://id.example.com', subject: randomUUID() };
    await expect(store.findOrCreate(identity, { username: name })).rejects.toMatchObject(REFUSED);
    expect(await store.findByIdentity(identity)).toBeUndefined();
    expect((await store.findById(josé?.id as string))?.username).toBe('José');
  });

  test('a page after a name that does not fit is a mistake of the caller', async () => {
    await expect(store.list({ after: '한국' })).rejects.toThrow(/^users\.list\(\): after must be/);
  });

  test('an id that does not fit is nobody', async () => {
    await expectNobody(store, await create('Zed'));
  });

  test('an identity or a credential that does not fit is nobody’s, and can not be kept', async () => {
    const user = await create(randomUUID());
    const identity = { issuer: 'https://id.example.com', subject: '한국' };
    const credentials = store.credentials();
    const kept = { userId: user.id, kind: 'totp', id: randomUUID(), data: 'x' };
    expect(await credentials.add(kept)).toBe(true);
    expect(await store.findByIdentity(identity)).toBeUndefined();
    expect(await store.unlink(user.id, identity)).toBe(false);
    await expect(store.link(user.id, identity)).rejects.toMatchObject({ code: '22P05' });
    expect(await credentials.find('totp', '한국')).toBeUndefined();
    expect(await credentials.remove(user.id, 'totp', '한국')).toBe(false);
    expect(await credentials.replace({ ...kept, data: '한국' }, 'y')).toBe(false);
    await expect(credentials.replace(kept, '한국')).rejects.toMatchObject({ code: '22P05' });
    await expect(credentials.add({ ...kept, id: '한국' })).rejects.toMatchObject({ code: '22P05' });
    expect(await credentials.removeAll(user.id, { except: ['한국'] })).toBe(1);
    expect(await store.listIdentities(user.id)).toEqual([]);
  });
});

test.each([
  { table: 'people', columns: FLAGGED },
  { table: 'keyed', columns: KEYED },
])(
  'with the table $table a transaction of the app goes on after names and credentials that do not fit',
  async (options) => {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      const inside = new PostgresUserStore(client, options);
      const credentials = inside.credentials();
      const isAlive = () => client.query('SELECT 1');
      expect(await inside.findByUsername('한국')).toBeUndefined();
      await isAlive();
      await expect(inside.create({ username: '한국', passwordHash: HASH })).rejects.toMatchObject(REFUSED);
      await isAlive();
      const { id } = await inside.create({ username: randomUUID(), passwordHash: HASH });
      const kept = { userId: id, kind: 'totp', id: randomUUID(), data: 'x' };
      expect(await credentials.add(kept)).toBe(true);
      expect(await credentials.replace({ ...kept, data: '한국' }, 'y')).toBe(false);
      await isAlive();
      const refused = Array.from({ length: 10 }, () =>
        expect(inside.create({ username: 'José', passwordHash: HASH })).rejects.toThrow(UsernameTakenError),
      );
      const found = Array.from({ length: 10 }, () => inside.findById(id));
      await Promise.all(refused);
      expect((await Promise.all(found)).map((each) => each?.id)).toEqual(found.map(() => id));
      // No savepoint is left: thousands of them would slow the transaction down.
      await expect(client.query('ROLLBACK TO SAVEPOINT passport_visa')).rejects.toMatchObject({
        code: '3B001',
      });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  },
);

test('names whose key does not fit are found by the name in their row, and are given to nobody', async () => {
  const turkish = await createDatabase('LATIN5');
  const { pool } = turkish;
  await pool.query(
    `CREATE TABLE people (id text PRIMARY KEY, email text NOT NULL UNIQUE, password_hash text)`,
  );
  await pool.query(`INSERT INTO people VALUES ('1', 'Ann', NULL), ('2', 'İlke', NULL), ('3', 'ÉVA', NULL)`);
  const people = new PostgresUserStore(pool, { table: 'people', columns: COLUMNS });
  await people.migrate();
  const { rows } = await pool.query(`SELECT user_id AS id FROM people_usernames ORDER BY 1`);
  expect(rows).toEqual([{ id: '1' }, { id: '3' }]);
  for (const [name, id] of [
    ['ANN', '1'],
    ['İlke', '2'],
    ['Éva', '3'],
  ] as const)
    expect([name, (await people.findByUsername(name))?.id]).toEqual([name, id]);
  const own = new PostgresUserStore(pool);
  await own.migrate();
  for (const store of [people, own])
    await expect(store.create({ username: 'İpek', passwordHash: HASH })).rejects.toMatchObject(REFUSED);
  await pool.query(
    `CREATE TABLE keyed (id text PRIMARY KEY, email text NOT NULL UNIQUE, email_key text UNIQUE, password_hash text);
    INSERT INTO keyed SELECT id, email, NULL, password_hash FROM people`,
  );
  const keyed = new PostgresUserStore(pool, {
    table: 'keyed',
    columns: { ...COLUMNS, usernameKey: 'email_key' },
  });
  await keyed.migrate();
  const keys = await pool.query(`SELECT email_key AS key FROM keyed ORDER BY id`);
  expect(keys.rows).toEqual([{ key: 'ann' }, { key: null }, { key: 'éva' }]);
  expect((await keyed.findByUsername('İlke'))?.id).toBe('2');
  expect(await people.updateUsername('2', 'Ilke', 'İlke')).toBe(true);
  expect((await people.findByUsername('ilke'))?.id).toBe('2');
  await turkish.close();
});

describe.each(['LATIN1', 'SQL_ASCII', 'EUC_KR', 'KOI8R'])('an app in %s', (encoding) => {
  let other: TestDatabase;
  beforeAll(async () => (other = await createDatabase(encoding)));
  afterAll(() => other.close());

  test('answers any name, id and browser without an error of its own', async () => {
    const users = new PostgresUserStore(other.pool);
    const refreshTokens = new PostgresRefreshTokenStore(other.pool);
    await users.migrate();
    await refreshTokens.migrate();
    const { auth, client, unforeseen } = createTestApp({
      users,
      refreshTokens,
      storeUserAgent: 'full',
    });
    for (const name of ['ann', ...UNFIT, 'é', 'жук', '東京', '\u{20000}']) {
      const created = await client().post('/auth/register').send({ username: name, password: PASSWORD });
      expect([name, created.status]).toEqual([name, expect.any(Number)]);
      const isKept = created.status === 201;
      if (!isKept) expect(created.body).toMatchObject(REFUSED);
      for (const userAgent of ['curl/8', 'Caf\u00e9/1 \u00bf', 'x\u0080\u009f']) {
        const answer = await client()
          .post('/auth/login')
          .set('User-Agent', userAgent)
          .send({ username: name, password: PASSWORD });
        expect([name, userAgent, answer.status]).toEqual([name, userAgent, isKept ? 200 : 401]);
      }
    }
    expect(unforeseen).toEqual([]);
    await auth.close();
  });
});

test('sessions and tokens in LATIN1 of texts that do not fit are nobody’s', async () => {
  const store = new PostgresRefreshTokenStore(database.pool);
  await store.migrate();
  const [ann, korean, session] = ['ann', '한국', randomUUID()];
  await store.create({ ...newSession(ann, session), userAgent: 'Café 한국/1' });
  expect((await store.find(ann, session))?.userAgent).toBe('Caf? ??/1');
  const within = { maxSessions: 5 };
  await store.create({ ...newSession(ann, randomUUID()), userAgent: 'Café' }, within);
  await store.create({ ...newSession(ann, randomUUID()), userAgent: '한국' }, within);
  expect((await store.list(ann)).map(({ userAgent }) => userAgent).sort()).toEqual([
    '??',
    'Caf? ??/1',
    'Café',
  ]);
  const feed = store.followRevocations(newFollower());
  for (const [userId, sessionId] of [
    [korean, session],
    [ann, korean],
  ] as const) {
    expect(await store.find(userId, sessionId)).toBeUndefined();
    expect(await store.revoke(userId, sessionId)).toBe(false);
    const request = { userId, sessionId, generation: 1, expiresInSeconds: 60, maxLifetimeSeconds: 60 };
    expect(await store.rotate({ ...request, reuseWindowSeconds: 0 })).toEqual({ outcome: 'unknown' });
    expect(await store.raise({ ...request, authTime: new Date() })).toEqual({ outcome: 'unknown' });
  }
  expect(await store.list(korean)).toEqual([]);
  expect(await store.revokeAll(korean)).toEqual([]);
  await expect(store.create(newSession(korean, randomUUID()))).rejects.toMatchObject({ code: '22P05' });
  feed.close();
  const tokens = store.oneTimeTokens();
  expect(await tokens.removeAll(korean)).toBe(0);
  expect(await tokens.find(korean, newToken().hash)).toBeUndefined();
  expect(await tokens.take(korean, newToken().hash)).toBeUndefined();
});

test('a row with bytes that are no text is an error, because its user must not become nobody unseen', async () => {
  const ascii = await createDatabase('SQL_ASCII');
  await ascii.pool.query(
    String.raw`CREATE TABLE people (id text PRIMARY KEY, email text NOT NULL UNIQUE, password_hash text, city text);
    INSERT INTO people VALUES ('1', 'ann', NULL, E'Malm\366'), ('2', E'Ren\351', NULL, NULL)`,
  );
  const people = new PostgresUserStore(ascii.pool, { table: 'people', columns: COLUMNS });
  await ascii.pool.query(people.schema);
  const unreadable = { code: '22021' };
  await expect(people.findByUsername('ann')).rejects.toMatchObject(unreadable);
  await expect(people.findById('2')).rejects.toMatchObject(unreadable);
  await expect(people.list()).rejects.toMatchObject(unreadable);
  expect(await people.findByUsername('René')).toBeUndefined();
  await ascii.close();
});
