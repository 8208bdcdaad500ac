import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { PostgresUserStore, type CredentialStore } from '../../src';
import { credentialStatements } from '../../src/stores/postgres/credentials';
import { credentialStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { freePort } from '../helpers/servers/free-port';
import { usePostgresStore } from '../helpers/apps/postgres-store';
import { queryPlan } from '../helpers/query-plan';
import { BRIEF, PATIENT, useCallTimes } from '../helpers/call-times';

const postgres = usePostgresStore((pool) => new PostgresUserStore(pool));
let users: PostgresUserStore;
let credentials: CredentialStore;

beforeAll(() => {
  users = postgres.store;
  credentials = users.credentials();
});

runContract(credentialStoreContract(() => ({ users, credentials })));

const newUser = async (store = users) =>
  (await store.create({ username: randomUUID(), passwordHash: null })).id;

describe('the table of credentials', () => {
  const tables = async (like: string) => {
    const { rows } = await postgres.pool.query<{ name: string }>(
      `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables WHERE table_name LIKE $1`,
      [like],
    );
    return rows.map(({ name }) => name);
  };

  test('can be created twice and by many processes at once, and is named after the users or by the option', async () => {
    expect(await tables('visa_credentials')).toEqual(['public.visa_credentials']);
    await postgres.pool.query('CREATE SCHEMA auth');
    const stores = Array.from(
      { length: 8 },
      () => new PostgresUserStore(postgres.pool, { table: 'auth.people' }),
    );
    await Promise.all(stores.map((each) => each.migrate()));
    await stores[0]?.migrate();
    expect(await tables('people_credentials')).toEqual(['auth.people_credentials']);
    const named = new PostgresUserStore(postgres.pool, { table: 'members', credentialsTable: 'auth.keys' });
    await named.migrate();
    expect(await tables('keys')).toEqual(['auth.keys']);
    const credential = { userId: await newUser(named), kind: 'totp', id: '1', data: 'sealed' };
    expect(await named.credentials().add(credential)).toBe(true);
    expect(await credentials.find('totp', '1')).toBeUndefined();
  });

  test('can be added to an existing table of users', async () => {
    const options = { table: 'elders' };
    const store = new PostgresUserStore(postgres.pool, options);
    await store.migrate();
    const userId = await newUser(store);
    await postgres.pool.query('DROP TABLE elders_credentials');
    await expect(store.credentials().list(userId)).rejects.toThrow(/call `await store.migrate\(\)`/);
    await store.migrate();
    expect(await store.credentials().add({ userId, kind: 'totp', id: '1', data: '' })).toBe(true);
  });

  test.each(['keys; DROP TABLE x', 'Keys', ''])("can't be named %j", (credentialsTable) => {
    expect(() => new PostgresUserStore(postgres.pool, { credentialsTable })).toThrow(
      /credentialsTable must be a lower-case table name/,
    );
  });

  test('is read by an index for a user, or for a kind and id', async () => {
    const store = new PostgresUserStore(postgres.pool, { table: 'many' });
    await store.migrate();
    await postgres.pool.query(`
      INSERT INTO many (id, username, username_key) SELECT n, n, n FROM generate_series(1, 2000) n;
      INSERT INTO many_credentials (user_id, kind, id, id_digest, data)
      SELECT u, k, u, sha256(convert_to(u::text, 'UTF8')), 'data'
      FROM generate_series(1, 2000) u, unnest('{totp,passkey,email}'::text[]) k`);
    await postgres.pool.query('ANALYZE many, many_credentials');
    const { list, removeAll, find, replace, remove } = credentialStatements('many_credentials', 'many');
    for (const statement of [list, removeAll])
      expect(await queryPlan(postgres.pool, statement)).toMatch(/Index Cond: \(user_id = \$1\)/);
    for (const statement of [find, replace, remove])
      expect(await queryPlan(postgres.pool, statement)).toMatch(
        /Index Cond: \(\(kind = \$1\) AND \(id_digest = /,
      );
    expect(await store.credentials().find('totp', '7')).toMatchObject({ userId: '7', data: 'data' });
    expect(await store.credentials().list('7')).toHaveLength(3);
  });
});

test("the list is ordered by time, not by the rows' place in the table", async () => {
  const userId = await newUser();
  const [younger, elder] = [`younger ${userId}`, `elder ${userId}`];
  for (const id of [younger, elder]) await credentials.add({ userId, kind: 'totp', id, data: '' });
  const anHourEarlier = `UPDATE visa_credentials SET created_at = created_at - interval '1 hour' WHERE id = $1`;
  await postgres.pool.query(anHourEarlier, [elder]);
  expect((await credentials.list(userId)).map(({ id }) => id)).toEqual([elder, younger]);
});

describe('a deleted user', () => {
  test('loses the credentials, and no other user does', async () => {
    const [leaver, other] = [await newUser(), await newUser()];
    for (const userId of [leaver, other])
      await credentials.add({ userId, kind: 'totp', id: `of ${userId}`, data: 'sealed' });
    await users.delete(leaver);
    expect(await credentials.find('totp', `of ${leaver}`)).toBeUndefined();
    expect(await credentials.list(leaver)).toEqual([]);
    expect(await credentials.list(other)).toHaveLength(1);
  });

  test('gets no new credential during the deletion', async () => {
    const userId = await newUser();
    const deleting = await postgres.pool.connect();
    await deleting.query('BEGIN');
    await deleting.query('DELETE FROM visa_users WHERE id = $1', [userId]);
    const added = credentials.add({ userId, kind: 'totp', id: `late ${userId}`, data: 'sealed' });
    await sleep(100);
    await deleting.query('COMMIT');
    deleting.release();
    expect(await added).toBe(false);
    expect(await credentials.find('totp', `late ${userId}`)).toBeUndefined();
  });
});

test('one of 100 parallel adds by two processes wins, and one of 100 replaces', async () => {
  const pools = [postgres.pool, new Pool({ connectionString: postgres.url })];
  const processes = pools.map((pool) => new PostgresUserStore(pool).credentials());
  const inBoth = (call: (store: CredentialStore, n: number) => Promise<boolean>) =>
    Promise.all(Array.from({ length: 100 }, (_, n) => call(processes[n % 2] as CredentialStore, n)));
  const credential = { userId: await newUser(), kind: 'totp', id: randomUUID(), data: 'step 0' };
  const added = await inBoth((store) => store.add(credential));
  expect(added.filter(Boolean)).toHaveLength(1);
  const replaced = await inBoth((store, n) => store.replace(credential, `step ${n + 1}`));
  expect(replaced.filter(Boolean)).toHaveLength(1);
  const found = await credentials.find('totp', credential.id);
  expect(found?.data).toBe(`step ${replaced.indexOf(true) + 1}`);
  await pools[1]?.end();
});

describe('an outage is SERVICE_UNAVAILABLE', () => {
  const credential = { userId: 'ann', kind: 'totp', id: '1', data: '0' };
  const unavailable = { code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 };
  const calls: [string, (store: CredentialStore) => Promise<unknown>][] = [
    ['list', (store) => store.list('ann')],
    ['find', (store) => store.find('totp', '1')],
    ['add', (store) => store.add(credential)],
    ['replace', (store) => store.replace(credential, '1')],
    ['remove', (store) => store.remove('ann', 'totp', '1')],
    ['removeAll', (store) => store.removeAll('ann')],
  ];

  test.each(calls)('for %s, while nothing listens', async (_name, call) => {
    const pool = new Pool({ connectionString: `postgres://127.0.0.1:${await freePort()}/none` });
    await expect(call(new PostgresUserStore(pool).credentials())).rejects.toMatchObject(unavailable);
    await pool.end();
  });

  test('for all calls within their time, while the table is locked', async () => {
    const administrator = await postgres.pool.connect();
    await administrator.query('BEGIN; LOCK TABLE visa_credentials IN ACCESS EXCLUSIVE MODE');
    const pool = new Pool({ connectionString: postgres.url });
    const store = new PostgresUserStore(pool).credentials();
    useCallTimes(BRIEF);
    await Promise.all(calls.map(([, call]) => expect(call(store)).rejects.toMatchObject(unavailable)));
    useCallTimes(PATIENT);
    await administrator.query('ROLLBACK');
    administrator.release();
    await pool.end();
  });
});
