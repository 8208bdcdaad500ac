import { PostgresUserStore } from '../../src';
import { identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { createDatabase, type TestDatabase } from '../helpers/backends';

let database: TestDatabase;
let store: PostgresUserStore;

beforeAll(async () => {
  database = await createDatabase();
  store = new PostgresUserStore(database.pool);
  await store.migrate();
});
afterAll(() => database.close());

runContract(userStoreContract(() => store));
runContract(identityStoreContract(() => store));

test('migrates twice, and from many processes at once', async () => {
  const stores = Array.from(
    { length: 8 },
    () => new PostgresUserStore(database.pool, { table: 'app_users' }),
  );
  await Promise.all(stores.map((each) => each.migrate()));
  await stores[0]?.migrate();
  expect(await stores[0]?.findById('nobody')).toBeUndefined();
});

test('lives in a schema of its own when told to', async () => {
  await database.pool.query('CREATE SCHEMA auth');
  const inSchema = new PostgresUserStore(database.pool, { table: 'auth.users' });
  await inSchema.migrate();
  const { id } = await inSchema.create({ username: 'ann', passwordHash: null });
  expect(await inSchema.findById(id)).toMatchObject({ username: 'ann' });
});

test('names the cure when its table is missing', async () => {
  const unmigrated = new PostgresUserStore(database.pool, { table: 'never_made' });
  await expect(unmigrated.findById('1')).rejects.toThrow(/call `await store.migrate\(\)`/);
});

test.each(['users; DROP TABLE x', 'Users', '', 'a.b.c', '1users'])('refuses %j as a table name', (table) => {
  expect(() => new PostgresUserStore(database.pool, { table })).toThrow(
    /table must be a lower-case table name/,
  );
});

test('changes roles and the disabled flag, and deletes', async () => {
  const { id } = await store.create({ username: 'changing', passwordHash: null });
  expect(await store.update(id, { roles: ['admin', 'editor'] })).toBe(true);
  expect(await store.update(id, { disabled: true })).toBe(true);
  expect(await store.findById(id)).toMatchObject({ roles: ['admin', 'editor'], disabled: true });
  expect(await store.delete(id)).toBe(true);
  expect(await store.findById(id)).toBeUndefined();
  expect(await store.update(id, {})).toBe(false);
  expect(await store.delete(id)).toBe(false);
});

test('a deleted user takes the identities along', async () => {
  const identity = { issuer: 'https://accounts.example.com', subject: '1' };
  const { id } = await store.findOrCreate(identity, { username: 'leaver' });
  await store.delete(id);
  expect(await store.findByIdentity(identity)).toBeUndefined();
  expect((await store.findOrCreate(identity, { username: 'leaver' })).id).not.toBe(id);
});

describe('list', () => {
  let listed: PostgresUserStore;
  const namesOf = (users: { username: string }[]) => users.map(({ username }) => username);

  beforeAll(async () => {
    listed = new PostgresUserStore(database.pool, { table: 'listed_users' });
    await listed.migrate();
    for (const username of ['Dora', 'ann', 'Carl', 'bob'])
      await listed.create({ username, passwordHash: null });
  });

  test('goes by name, page by page, and ends', async () => {
    const first = await listed.list({ limit: 3 });
    expect(namesOf(first)).toEqual(['ann', 'bob', 'Carl']);
    expect(first[0]).toEqual(await listed.findByUsername('ann'));
    expect(namesOf(await listed.list({ limit: 3, after: 'CARL' }))).toEqual(['Dora']);
    expect(await listed.list({ after: 'dora' })).toEqual([]);
    expect(await listed.list()).toHaveLength(4);
  });

  test.each([0, -1, 1.5, 1001, NaN])('refuses a page of %p', async (limit) => {
    await expect(listed.list({ limit })).rejects.toThrow(RangeError);
  });
});

test('schema is what migrate runs: by hand it makes the same table, and may be run again', async () => {
  const byHand = new PostgresUserStore(database.pool, { table: 'by_hand' });
  await database.pool.query(byHand.schema);
  await database.pool.query(byHand.schema);
  const { id } = await byHand.create({ username: 'ann', passwordHash: null });
  expect(await byHand.findById(id)).toMatchObject({ username: 'ann' });
});

test('migrates beside a process that is writing: no lock on a table that is complete', async () => {
  const store = new PostgresUserStore(database.pool, { table: 'busy' });
  await store.migrate();
  const { id } = await store.create({ username: 'busy', passwordHash: null });
  const writer = await database.pool.connect();
  try {
    await writer.query('BEGIN');
    await writer.query('UPDATE busy SET roles = roles');
    await writer.query('INSERT INTO busy_identities VALUES ($1, $2, $3)', ['issuer', 'subject', id]);
    await writer.query("SET lock_timeout = '2s'");
    const migrating = await database.pool.connect();
    try {
      await migrating.query("SET lock_timeout = '2s'");
      await migrating.query(store.schema);
    } finally {
      migrating.release(true);
    }
  } finally {
    await writer.query('ROLLBACK');
    writer.release(true);
  }
});

test('takes every table name that it took before it kept credentials', async () => {
  const store = new PostgresUserStore(database.pool, { table: 'a'.repeat(40) });
  await store.migrate();
  const { id: userId } = await store.create({ username: 'ann', passwordHash: null });
  expect(await store.credentials().add({ userId, kind: 'totp', id: 'one', data: '' })).toBe(true);
});
