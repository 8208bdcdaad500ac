import { PostgresUserStore } from '../../src';
import { identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { usePostgresStore } from '../helpers/apps/postgres-store';

const postgres = usePostgresStore((pool) => new PostgresUserStore(pool));

runContract(userStoreContract(() => postgres.store));
runContract(identityStoreContract(() => postgres.store));

test('migrate can run twice, and in many processes at once', async () => {
  const stores = Array.from(
    { length: 8 },
    () => new PostgresUserStore(postgres.pool, { table: 'app_users' }),
  );
  await Promise.all(stores.map((each) => each.migrate()));
  await stores[0]?.migrate();
  expect(await stores[0]?.findById('nobody')).toBeUndefined();
});

test('the table can be in its own schema', async () => {
  await postgres.pool.query('CREATE SCHEMA auth');
  const inSchema = new PostgresUserStore(postgres.pool, { table: 'auth.users' });
  await inSchema.migrate();
  const { id } = await inSchema.create({ username: 'ann', passwordHash: null });
  expect(await inSchema.findById(id)).toMatchObject({ username: 'ann' });
});

test('a missing table fails with a message that names the fix', async () => {
  const unmigrated = new PostgresUserStore(postgres.pool, { table: 'never_made' });
  await expect(unmigrated.findById('1')).rejects.toThrow(/call `await store.migrate\(\)`/);
});

test.each(['users; DROP TABLE x', 'Users', '', 'a.b.c', '1users'])(
  'the store refuses %j as a table name',
  (table) => {
    expect(() => new PostgresUserStore(postgres.pool, { table })).toThrow(
      /table must be a lower-case table name/,
    );
  },
);

test('the store changes roles and the disabled flag, and deletes users', async () => {
  const { id } = await postgres.store.create({ username: 'changing', passwordHash: null });
  expect(await postgres.store.update(id, { roles: ['admin', 'editor'] })).toBe(true);
  expect(await postgres.store.update(id, { disabled: true })).toBe(true);
  expect(await postgres.store.findById(id)).toMatchObject({ roles: ['admin', 'editor'], disabled: true });
  expect(await postgres.store.delete(id)).toBe(true);
  expect(await postgres.store.findById(id)).toBeUndefined();
  expect(await postgres.store.update(id, {})).toBe(false);
  expect(await postgres.store.delete(id)).toBe(false);
});

test("deleting a user deletes the user's identities", async () => {
  const identity = { issuer: 'https://accounts.example.com', subject: '1' };
  const { id } = await postgres.store.findOrCreate(identity, { username: 'leaver' });
  await postgres.store.delete(id);
  expect(await postgres.store.findByIdentity(identity)).toBeUndefined();
  expect((await postgres.store.findOrCreate(identity, { username: 'leaver' })).id).not.toBe(id);
});

describe('list', () => {
  let listed: PostgresUserStore;
  const namesOf = (users: { username: string }[]) => users.map(({ username }) => username);

  beforeAll(async () => {
    listed = new PostgresUserStore(postgres.pool, { table: 'listed_users' });
    await listed.migrate();
    for (const username of ['Dora', 'ann', 'Carl', 'bob'])
      await listed.create({ username, passwordHash: null });
  });

  test('returns users by name, page by page, to the end', async () => {
    const first = await listed.list({ limit: 3 });
    expect(namesOf(first)).toEqual(['ann', 'bob', 'Carl']);
    expect(first[0]).toEqual(await listed.findByUsername('ann'));
    expect(namesOf(await listed.list({ limit: 3, after: 'CARL' }))).toEqual(['Dora']);
    expect(await listed.list({ after: 'dora' })).toEqual([]);
    expect(await listed.list()).toHaveLength(4);
  });

  test.each([0, -1, 1.5, 1001, NaN])('refuses a page size of %p', async (limit) => {
    await expect(listed.list({ limit })).rejects.toThrow(RangeError);
  });
});

test('schema is the SQL that migrate runs: run by hand it makes the same table, and can be repeated', async () => {
  const byHand = new PostgresUserStore(postgres.pool, { table: 'by_hand' });
  await postgres.pool.query(byHand.schema);
  await postgres.pool.query(byHand.schema);
  const { id } = await byHand.create({ username: 'ann', passwordHash: null });
  expect(await byHand.findById(id)).toMatchObject({ username: 'ann' });
});

test('migrate locks no table that is complete already, even while another process writes', async () => {
  const store = new PostgresUserStore(postgres.pool, { table: 'busy' });
  await store.migrate();
  const { id } = await store.create({ username: 'busy', passwordHash: null });
  const writer = await postgres.pool.connect();
  try {
    await writer.query('BEGIN');
    await writer.query('UPDATE busy SET roles = roles');
    await writer.query('INSERT INTO busy_identities VALUES ($1, $2, $3)', ['issuer', 'subject', id]);
    await writer.query("SET lock_timeout = '2s'");
    const migrating = await postgres.pool.connect();
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

test('the store takes a table name of 40 characters, as it did before it kept credentials', async () => {
  const store = new PostgresUserStore(postgres.pool, { table: 'a'.repeat(40) });
  await store.migrate();
  const { id: userId } = await store.create({ username: 'ann', passwordHash: null });
  expect(await store.credentials().add({ userId, kind: 'totp', id: 'one', data: '' })).toBe(true);
});
