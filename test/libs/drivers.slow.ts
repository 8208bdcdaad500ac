import mysql from 'mysql2';
import mysqlPromise from 'mysql2/promise';
import { Client, Pool } from 'pg';
import { PostgresUserStore, UsernameTakenError, type UserTableOptions } from '../../src';
import { en } from '../../src/messages/en';
import { MysqlUserStore } from '../../src/stores/mysql';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { eventually } from '../helpers/eventually';
import type { TestServer } from '../helpers/servers/servers';
import { expectNobody } from '../stores/hostile-ids';
import { proveRefusals } from './refusals';
import { connect, FIRST_BIG_ID, startDatabase, type Connection, type Server } from './tables';
import { within } from '../helpers/within';

type Store = PostgresUserStore | MysqlUserStore;

interface Process {
  readonly pool: { end(): Promise<void> };
  store(options: UserTableOptions & { table: string }): Store;
}

const POOL_SIZE = 4;
const COLUMNS = { id: 'id', username: 'email', passwordHash: 'password_hash' };
const PERSON = { ...COLUMNS, roles: 'roles', disabled: { column: 'active', invert: true } } as const;
const HASH = `$2b$10$${'a'.repeat(53)}`;
/** The transactions of other connections. */
const OPEN = {
  postgres:
    'SELECT pid FROM pg_stat_activity WHERE xact_start IS NOT NULL AND datname IS NOT NULL AND pid <> pg_backend_pid()',
  mariadb: 'SELECT trx_id FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()',
};
const unavailable = { code: 'SERVICE_UNAVAILABLE' };

/** What a process of the app has. */
function start(database: Server, url: string): Process {
  if (database === 'postgres') {
    const pool = new Pool({ connectionString: url, max: POOL_SIZE });
    return { pool, store: (options) => new PostgresUserStore(pool, options) };
  }
  const pool = mysql.createPool({ uri: url, connectionLimit: POOL_SIZE });
  return { pool: pool.promise(), store: (options) => new MysqlUserStore(pool, options) };
}

async function singleConnection(database: Server, url: string) {
  const options = { table: 'person_int', columns: PERSON };
  if (database === 'postgres') {
    const client = new Client({ connectionString: url });
    await client.connect();
    const query = (text: string) => client.query(text);
    return { inside: new PostgresUserStore(client, options), query, end: () => client.end() };
  }
  const client = await mysqlPromise.createConnection({ uri: url });
  const query = (text: string) => client.query(text);
  return { inside: new MysqlUserStore(client, options), query, end: () => client.end() };
}

describe.each<Server>(['postgres', 'mariadb'])('on %s', (database) => {
  let server: TestServer;
  let here: Process;
  let there: Process;
  let app: Connection;
  let store: Store;

  beforeAll(async () => {
    useCallTimes(PATIENT);
    server = await startDatabase(database);
    [here, there] = [start(database, server.url), start(database, server.url)];
    app = await connect(database, server.url);
    store = here.store({ table: 'person_int', columns: PERSON });
    await store.migrate();
  });
  afterAll(async () => {
    await app?.end();
    await Promise.all([here, there].map((each) => each?.pool.end()));
    await server?.stop();
  });

  const one = async (text: string) => (await app.query(text))[0] ?? {};
  const idOf = async (name: string) =>
    String((await one(`SELECT id FROM person_int WHERE email = '${name}'`))['id']);
  const write = (name: string) => app.query(`INSERT INTO person_int (email) VALUES ('${name}')`);

  describe.each(['person_big', 'person_uuid'])('the contracts over %s', (table) => {
    let each: Store;
    beforeAll(async () => {
      each = here.store({ table, columns: PERSON });
      await each.migrate();
    });
    runContract(userStoreContract(() => each));
    runContract(identityStoreContract(() => each));
    runContract(credentialStoreContract(() => ({ users: each, credentials: each.credentials() })));
  });

  test('ids that a number of JavaScript would round come back as they went', async () => {
    const big = here.store({ table: 'person_big', columns: PERSON });
    await big.migrate();
    await app.query(
      `INSERT INTO person_big (id, email) VALUES (${FIRST_BIG_ID + 10_000n}, 'odd'), (${FIRST_BIG_ID + 9_999n}, 'even')`,
    );
    // As floating-point numbers the two are one.
    const [odd, even] = [String(FIRST_BIG_ID + 10_000n), String(FIRST_BIG_ID + 9_999n)];
    expect((await big.findById(odd))?.username).toBe('odd');
    expect((await big.findById(even))?.username).toBe('even');
    expect((await big.findByUsername('ODD'))?.id).toBe(odd);
    expect(await big.updatePasswordHash(odd, HASH, null)).toBe(true);
    expect((await big.findById(even))?.passwordHash).toBeNull();
  });

  test.each(['person_int', 'person_big', 'person_uuid'])(
    'a text that is no id of %s is nobody',
    async (table) => {
      const each = here.store({ table, columns: PERSON });
      await each.migrate();
      await expectNobody(each, await each.create({ username: 'Zed', passwordHash: HASH }));
    },
  );

  test('a name that the column of the app can not hold is nobody, and is refused by name', async () => {
    const [counted, charset] =
      database === 'mariadb'
        ? ['AUTO_INCREMENT', 'CHARACTER SET latin1']
        : ['GENERATED BY DEFAULT AS IDENTITY', ''];
    await app.query(
      `CREATE TABLE narrow (id int PRIMARY KEY ${counted}, email varchar(20) ${charset} NOT NULL UNIQUE, password_hash varchar(255))`,
    );
    await app.query(`INSERT INTO narrow VALUES (1, 'José', NULL), (2, 'Ÿves', NULL), (3, 'ann', NULL)`);
    const narrow = here.store({ table: 'narrow', columns: COLUMNS });
    await narrow.migrate();
    for (const [typed, id] of [
      ['JOSE\u0301', '1'],
      ['ÿVES', '2'],
      ['ANN', '3'],
    ])
      expect([typed, (await narrow.findByUsername(typed as string))?.id]).toEqual([typed, id]);
    for (const nobody of [
      'jose',
      '😀',
      '한국',
      'ŝ',
      'ＡＮＮ',
      'ann\u0301',
      '%',
      'a'.repeat(21),
      '\0',
      '\ud800',
    ])
      expect([nobody, await narrow.findByUsername(nobody)]).toEqual([nobody, undefined]);
    for (const endless of ['x', '\u0301', '😀']) {
      const name = endless.repeat(3_000_000);
      expect(await within(500, () => narrow.findByUsername(name))).toBeUndefined();
    }
    const page = narrow.list({ after: '😀' });
    if (database === 'mariadb') await expect(page).rejects.toThrow(/^users\.list\(\): after must be/);
    else expect(await page).toEqual(expect.any(Array));
    const refused = (text: string) => ({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'username', message: text }],
    });
    const unknown = refused(en.unsupportedCharacters);
    for (const [name, failure] of [
      ['a'.repeat(21), refused('must be at most 20 characters long')],
      ...(database === 'mariadb'
        ? (['😀', '한국', 'ŝ'] as const).map((each) => [each, unknown] as const)
        : []),
    ] as const) {
      const create = narrow.create({ username: name, passwordHash: HASH });
      await expect(create).rejects.toMatchObject(failure);
      await expect(narrow.updateUsername('3', name, 'ann')).rejects.toMatchObject(failure);
    }
    await app.query(
      `ALTER TABLE narrow ADD COLUMN email_key varchar(20) ${charset.replace('latin1', 'ascii')} UNIQUE`,
    );
    const keyed = here.store({ table: 'narrow', columns: { ...COLUMNS, usernameKey: 'email_key' } });
    const rename = () => keyed.updateUsername('3', 'Añn', 'ann');
    if (database === 'mariadb') await expect(rename()).rejects.toMatchObject(unknown);
    await expect(keyed.updateUsername('3', 'a\u0301'.repeat(20) + 'b', 'ann')).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    expect(Number((await one('SELECT count(*) AS n FROM narrow'))['n'])).toBe(3);
    expect((await narrow.findById('3'))?.username).toBe('ann');
  });

  test('100 parallel creates of one name, by two processes, make one user', async () => {
    const stores = [store, there.store({ table: 'person_int', columns: PERSON })];
    const spellings = ['Zoë-race', 'zoë-race', 'ZOË-RACE', 'zoe\u0308-race'];
    const creates = Array.from({ length: 100 }, (_, n) =>
      (stores[n % 2] as Store).create({ username: spellings[n % 4] as string, passwordHash: HASH }),
    );
    const results = await Promise.allSettled(creates);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of results)
      if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(UsernameTakenError);
    expect(
      Number((await one("SELECT count(*) AS n FROM person_int WHERE lower(email) LIKE '%race'"))['n']),
    ).toBe(1);
  });

  test('a name is found in rows that the app writes, renames and deletes', async () => {
    for (const [written, typed] of [
      ['Ann@Example.com', 'aNN@example.COM'],
      ['ZOË@example.com', 'zoë@example.com'],
      ['ΟΔΟΣ', 'οδος'],
      ['İzmir', 'i\u0307zmir'],
    ] as const) {
      await write(written);
      const id = await idOf(written);
      expect((await store.findByUsername(typed))?.id).toBe(id);
      await expect(store.create({ username: typed, passwordHash: null })).rejects.toThrow(UsernameTakenError);
      await app.query(`UPDATE person_int SET email = 'was ${id}' WHERE id = ${id}`);
      expect(await store.findByUsername(typed)).toBeUndefined();
      expect((await store.findByUsername(`WAS ${id}`))?.id).toBe(id);
      const next = await store.create({ username: typed, passwordHash: null });
      expect((await store.findByUsername(written))?.id).toBe(next.id);
      await app.query(`DELETE FROM person_int WHERE id = ${next.id}`);
      expect(await store.findByUsername(typed)).toBeUndefined();
      expect((await store.create({ username: written, passwordHash: null })).username).toBe(written);
    }
  });

  test('migrate() keeps the names that are there, and says which of two has none', async () => {
    await app.query("INSERT INTO person_int (email) VALUES ('\u00a0Spaced\u00a0'), ('spaced')");
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await store.migrate();
    const [first, second] = [await idOf('\u00a0Spaced\u00a0'), await idOf('spaced')];
    expect((await store.findByUsername('SPACED'))?.id).toBe(first);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(`ids ${second}`), 'PassportVisaWarning');
    warn.mockRestore();
  });

  test('hashes and names are compared byte by byte', async () => {
    const { id } = await store.create({ username: 'Bytes', passwordHash: `${HASH}x` });
    expect(await store.updatePasswordHash(id, HASH, `${HASH}X`)).toBe(false);
    expect(await store.updatePasswordHash(id, HASH, `${HASH}x `)).toBe(false);
    expect(await store.updateUsername(id, 'other', 'bytes')).toBe(false);
    expect(await store.updatePasswordHash(id, HASH, `${HASH}x`)).toBe(true);
  });

  test('roles come from a function, and fields fill columns of the app', async () => {
    const columns = { ...COLUMNS, usernameKey: 'email_key', disabled: 'blocked' };
    const members = here.store({
      table: 'member',
      columns,
      roles: async (row: { id: string }) =>
        (await app.query(`SELECT is_admin FROM member WHERE id = '${row.id}' AND is_admin`)).length > 0
          ? ['admin']
          : [],
      fields: ({ town, ...others }) => ({ ...others, city: town }),
    });
    await members.migrate();
    await members.ready();
    const { id, roles } = await members.create(
      { username: 'Mia', passwordHash: HASH, roles: ['ignored'] },
      { town: 'Oslo' },
    );
    expect(roles).toEqual([]);
    expect(await one('SELECT city, email_key FROM member')).toEqual({ city: 'Oslo', email_key: 'mia' });
    await app.query(`UPDATE member SET is_admin = true`);
    expect((await members.findByUsername('MIA'))?.roles).toEqual(['admin']);
    await expect(members.update(id, { roles: ['admin'] })).rejects.toThrow(/the function roles/);
    await expect(
      members.create({ username: 'x', passwordHash: null }, { town: 'x', blocked: true }),
    ).rejects.toThrow(/the fields name blocked, a column that the mapping fills/);
    expect(await members.update(id, { disabled: true })).toBe(true);
    expect((await members.findById(id))?.disabled).toBe(true);
    await app.query("UPDATE member SET email = 'Bea'");
    expect(await members.findByUsername('mia')).toBeUndefined();
    expect((await members.findByUsername('BEA'))?.id).toBe(id);
    expect((await one('SELECT email_key FROM member'))['email_key']).toBe('bea');
  });

  test('a deadlock with a transaction of the app is tried again', async () => {
    const { id } = await store.create({ username: 'dead', passwordHash: null });
    const other = await connect(database, server.url);
    if (database === 'postgres') await other.query("SET deadlock_timeout = '50ms'");
    await other.query('BEGIN');
    await other.query("INSERT INTO person_int_usernames (username_key, user_id) VALUES ('lock', '0')");
    const renamed = store.updateUsername(id, 'lock', 'dead');
    await eventually('the row is locked', async () => {
      const free = `SELECT id FROM person_int WHERE id = ${id} FOR UPDATE NOWAIT`;
      return app.query(free).then(
        () => false,
        () => true,
      );
    });
    await other.query(`UPDATE person_int SET active = true WHERE id = ${id}`).catch(() => undefined);
    await other.query('ROLLBACK');
    expect(await renamed).toBe(true);
    await other.end();
  });

  test('a transaction of the app on a single connection contains what the store does', async () => {
    const { inside, query, end } = await singleConnection(database, server.url);
    const assertSetting = async () => {
      if (database === 'postgres')
        expect(await query('SHOW lock_timeout')).toMatchObject({ rows: [{ lock_timeout: '1234ms' }] });
    };
    await query('BEGIN');
    if (database === 'postgres') await query("SET LOCAL lock_timeout = '1234ms'");
    await inside.create({ username: 'inside', passwordHash: null });
    await assertSetting();
    await expect(inside.create({ username: 'INSIDE', passwordHash: null })).rejects.toThrow(
      UsernameTakenError,
    );
    await assertSetting();
    await inside.create({ username: 'inside too', passwordHash: null });
    await assertSetting();
    await query('ROLLBACK');
    expect(await store.findByUsername('inside')).toBeUndefined();
    await inside.create({ username: 'outside', passwordHash: null });
    expect(await store.findByUsername('outside')).toBeDefined();
    await end();
  });

  describe('in an outage', () => {
    beforeEach(() => useCallTimes(REAL));
    afterEach(() => useCallTimes(PATIENT));

    describe('what the server itself refuses', () =>
      proveRefusals(
        database,
        () => store,
        (text) => app.query(text),
      ));

    test('a row that the app has locked is a 503, and the pool stays free for others', async () => {
      useCallTimes(PATIENT);
      const [ann, bob] = [
        await store.create({ username: 'locked', passwordHash: null }),
        await store.create({ username: 'free', passwordHash: null }),
      ];
      await app.query('BEGIN');
      await app.query(`SELECT id FROM person_int WHERE id = ${ann.id} FOR UPDATE`);
      useCallTimes(REAL);
      const waiting = Array.from({ length: 2 * POOL_SIZE }, () =>
        store.updatePasswordHash(ann.id, HASH, null),
      );
      const refused = Promise.all(waiting.map((each) => expect(each).rejects.toMatchObject(unavailable)));
      expect(await store.updatePasswordHash(bob.id, HASH, null)).toBe(true);
      await refused;
      useCallTimes(PATIENT);
      await app.query('ROLLBACK');
      expect(await store.updatePasswordHash(ann.id, HASH, null)).toBe(true);
    });

    const calls: [string, (each: Store) => Promise<unknown>][] = [
      ['findByUsername', (each) => each.findByUsername('free')],
      ['findById', (each) => each.findById('1')],
      ['create', (each) => each.create({ username: 'during', passwordHash: null })],
      ['updatePasswordHash', (each) => each.updatePasswordHash('1', HASH, null)],
      ['credentials', (each) => each.credentials().list('1')],
      ['ready', (each) => each.ready()],
    ];
    const refusedInTime = async () => {
      for (const [name, call] of calls) {
        const failure = await within(2000, () => call(store)).catch((error: unknown) => error);
        expect([name, failure]).toEqual([name, expect.objectContaining(unavailable)]);
      }
    };
    const heals = async () => {
      await eventually('the store answers', async () => (await store.findByUsername('free')) !== undefined);
      useCallTimes(PATIENT);
    };

    test('a frozen server is a 503 within 2 seconds, and nothing of it is done after the thaw', async () => {
      server.freeze();
      try {
        await refusedInTime();
      } finally {
        server.thaw();
      }
      await heals();
      await eventually('no transaction is open', async () => (await app.query(OPEN[database])).length === 0);
      expect(await store.findByUsername('during')).toBeUndefined();
    });

    test('a killed server is a 503 within 2 seconds, and the store is back when it is', async () => {
      await app.end().catch(() => undefined);
      await server.kill();
      await refusedInTime();
      await server.restart();
      await heals();
      app = await connect(database, server.url);
    });
  });
});
