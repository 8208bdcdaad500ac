import { setTimeout as sleep } from 'node:timers/promises';
import { SqliteUserStore, type SqliteUserStoreOptions } from '../../../src/stores/sqlite';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../../src/testing';
import { runContract } from '../../contract/run-contract';
import { expectNobody } from '../../stores/hostile-ids';
import { DRIVERS, useFiles, type TestDatabase } from './databases';
import { OtherProcess } from './processes';
import { PATIENT, REAL, useCallTimes } from '../../helpers/call-times';
import { within } from '../../helpers/within';

const columns = { id: 'id', username: 'email', passwordHash: 'password' };

/** Tables of apps, and their mapping. */
const TABLES: { name: string; sql?: string; options: SqliteUserStoreOptions }[] = [
  { name: 'a table of its own', options: {} },
  {
    name: 'counted ids, keys beside the table, an inverted flag',
    sql: `CREATE TABLE people (id integer PRIMARY KEY AUTOINCREMENT, email text NOT NULL UNIQUE COLLATE NOCASE, password text,
      roles text, active integer NOT NULL DEFAULT 1)`,
    options: {
      table: 'people',
      columns: { ...columns, roles: 'roles', disabled: { column: 'active', invert: true } },
    },
  },
  {
    name: 'ids by default, a column for keys, a name that is a word of SQL',
    sql: `CREATE TABLE "order" (id text PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))), email text NOT NULL UNIQUE,
      name_key text UNIQUE, password text, roles json, banned boolean NOT NULL DEFAULT 0) STRICT`.replace(
      /json|boolean/g,
      (type) => (type === 'json' ? 'text' : 'integer'),
    ),
    options: {
      table: 'order',
      columns: { ...columns, usernameKey: 'name_key', roles: 'roles', disabled: 'banned' },
    },
  },
];

describe.each(DRIVERS)('%s', (driver, open) => {
  const files = useFiles(open);

  describe.each(TABLES)('$name', ({ sql, options }) => {
    let store: SqliteUserStore;
    beforeAll(async () => {
      const database = files.open(`${options.table ?? 'own'}.db`);
      if (sql) database.exec(sql);
      store = new SqliteUserStore(database, options);
      await store.migrate();
      await store.migrate();
      await store.ready({ hasFields: false });
    });
    runContract(userStoreContract(() => store));
    runContract(identityStoreContract(() => store));
    runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));

    test('a text that is no id is nobody', async () => {
      const user = await store.create({ username: 'Zed', passwordHash: `$2b$10$${'a'.repeat(53)}` });
      await expectNobody(store, user);
      for (const endless of ['x', '\u0301', '😀'])
        expect(await store.findByUsername(endless.repeat(3_000_000))).toBeUndefined();
    });
  });

  async function storeOf(database: TestDatabase, options = {}): Promise<SqliteUserStore> {
    const store = new SqliteUserStore(database, options);
    await store.migrate();
    return store;
  }

  test('100 parallel creates of one name over two processes make one user', async () => {
    const store = await storeOf(files.open('parallel.db'));
    const processes = [0, 1].map(() => new OtherProcess(driver, files.path('parallel.db')));
    try {
      await Promise.all(processes.map((each) => each.call('exec', 'SELECT 1')));
      const answers = await Promise.all(processes.map((each) => each.call('createUsers', 'Ann', 50)));
      const codes = answers.flat() as string[];
      expect(codes.filter((code) => code === 'created')).toHaveLength(1);
      expect(codes.filter((code) => code === 'UsernameTakenError')).toHaveLength(99);
      expect(await store.list()).toHaveLength(1);
    } finally {
      await Promise.all(processes.map((each) => each.kill()));
    }
  });

  test("what the app writes at the same time stays, also where the store's transaction is rolled back", async () => {
    const database = files.open('mixed.db', { timeout: 777 });
    database.exec('CREATE TABLE notes (n integer)');
    const store = await storeOf(database);
    await store.create({ username: 'taken', passwordHash: null });
    const insert = database.prepare('INSERT INTO notes VALUES (?)');
    const refused = Array.from({ length: 20 }, () => store.create({ username: 'TAKEN', passwordHash: null }));
    let notes = 0;
    const appWrites = async (wait: () => Promise<unknown>) => {
      for (let n = 0; n < 50; n += 1) {
        await wait();
        insert.run(n);
        notes += 1;
      }
    };
    await Promise.all([
      Promise.allSettled(refused),
      appWrites(() => Promise.resolve()),
      appWrites(() => new Promise((resolve) => setImmediate(resolve))),
      appWrites(() => new Promise<void>((resolve) => queueMicrotask(resolve))),
      appWrites(() => sleep(0)),
    ]);
    for (const each of refused) await expect(each).rejects.toMatchObject({ name: 'UsernameTakenError' });
    expect(notes).toBe(200);
    expect(database.prepare('SELECT count(*) AS count FROM notes').all()).toEqual([{ count: 200 }]);
    expect(database.prepare('PRAGMA busy_timeout').all()).toEqual([{ timeout: 777 }]);
  });

  test('ids above 2^53 are exact, also beside sessions that are in use', async () => {
    const database = files.open('large.db');
    database.exec(`CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL UNIQUE, password text, level integer);
      INSERT INTO people VALUES (9007199254740993, 'ann', NULL, 9007199254740995), (9007199254740992, 'bob', NULL, 3)`);
    const store = await storeOf(database, {
      table: 'people',
      columns,
      roles: (row: { level: unknown }) => [String(row.level)],
    });
    expect(await store.findByUsername('Ann')).toMatchObject({
      id: '9007199254740993',
      roles: ['9007199254740995'],
    });
    expect(await store.findById('9007199254740993')).toMatchObject({ username: 'ann' });
    expect(await store.findById('9007199254740992')).toMatchObject({ username: 'bob', roles: ['3'] });
    expect(await store.findById('ann')).toBeUndefined();
    expect(await store.update('9007199254740993', {})).toBe(true);
  });

  test('ready names what the table lacks, with SQL that cures it', async () => {
    const database = files.open('faults.db');
    database.exec(
      'CREATE TABLE people (id integer PRIMARY KEY, email text, password blob, city text NOT NULL)',
    );
    const store = await storeOf(database, { table: 'people', columns: { ...columns, disabled: 'banned' } });
    const faults = () =>
      store.ready({ hasFields: false }).then(
        () => '',
        (error: Error) => error.message,
      );
    const cured = async () => {
      const found = await faults();
      for (const [sql] of found.matchAll(/(ALTER|CREATE)[^;]*;/g)) database.exec(sql);
      return found;
    };
    expect(await cured()).toContain('there is no column banned, which columns.disabled names');
    expect(await cured()).toContain('the column email (columns.username) has no unique index');
    const left = await faults();
    expect(left).not.toMatch(/email|banned|ids/);
    expect(left).toContain(
      'password (columns.passwordHash) has the type BLOB, and must be a text: create the table anew',
    );
    expect(left).toContain('the column city is NOT NULL without a default');
    database.exec('DROP TABLE people_identities');
    database.exec('CREATE TABLE other (id integer PRIMARY KEY, email text UNIQUE, password text)');
    await expect(new SqliteUserStore(database, { table: 'other', columns }).ready()).rejects.toThrow(
      /The tables other_usernames, other_identities, other_credentials are missing in SQLite: .*other_usernames \(/s,
    );
    await expect(new SqliteUserStore(database, { table: 'none', columns }).ready()).rejects.toThrow(/none/);
  });

  test('further columns are filled from the fields of a registration', async () => {
    const database = files.open('fields.db');
    database.exec(
      'CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL UNIQUE, password text, company text NOT NULL)',
    );
    const store = await storeOf(database, { table: 'people', columns, roles: () => ['member'] });
    const user = await store.create({ username: 'ann', passwordHash: null }, { company: 'Example' });
    expect(user).toMatchObject({ username: 'ann', roles: ['member'] });
    expect(database.prepare('SELECT email, company FROM people').all()).toEqual([
      { email: 'ann', company: 'Example' },
    ]);
  });

  test.each<[string, SqliteUserStoreOptions]>([
    ['of its own', {}],
    ['of the app', { table: 'people', columns }],
  ])('migrate of a table %s waits for a locked file longer than a request may', async (_whose, options) => {
    const name = `migrating-${Object.keys(options).length}.db`;
    const other = files.open(name);
    other.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL UNIQUE, password text);
      INSERT INTO people VALUES (1, 'ann', NULL)`);
    const store = new SqliteUserStore(files.open(name), options);
    other.exec('BEGIN IMMEDIATE');
    useCallTimes(REAL);
    const migration = store.migrate();
    await sleep(2500);
    other.exec('COMMIT');
    await migration;
    expect((await store.findByUsername('ann'))?.id).toBe(options.table === undefined ? undefined : '1');
  });

  test('a locked file and a transaction of the app are a 503, and a call waits for one that ends', async () => {
    const database = files.open('locked.db', { timeout: 5000 });
    const store = await storeOf(database);
    const other = files.open('locked.db');
    for (const locking of [other, database]) {
      locking.exec('BEGIN IMMEDIATE');
      useCallTimes(REAL);
      const refused = within(2000, () => store.create({ username: 'ann', passwordHash: null }));
      await expect(refused).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
      useCallTimes(PATIENT);
      const waiting = store.create({ username: locking === other ? 'bob' : 'carl', passwordHash: null });
      await sleep(100);
      locking.exec('ROLLBACK');
      expect((await waiting).username).toMatch(/bob|carl/);
    }
    expect((await store.list()).map(({ username }) => username)).toEqual(['bob', 'carl']);
    expect(database.prepare('PRAGMA busy_timeout').all()).toEqual([{ timeout: 5000 }]);
  });
});
