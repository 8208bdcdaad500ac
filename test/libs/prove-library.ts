import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { UsernameTakenError, type AuthError } from '../../src';
import type { AppTableUserStore } from '../../src/stores/app-table/app-table-user-store';
import type { UserTableOptions } from '../../src/stores/app-table/user-table-options';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { eventually } from '../helpers/eventually';
import type { TestServer } from '../helpers/servers/servers';
import { expectNobody } from '../stores/hostile-ids';
import { proveRefusals } from './refusals';
import { FIRST_BIG_ID, onConnection, startDatabase, type Database, type Table } from './tables';
import { within } from '../helpers/within';

/** An app's client of a library. */
export interface Opened {
  store(table: Table, options: UserTableOptions): AppTableUserStore;
  /** A transaction of the app's, of a server: the work gets stores in it, and a way to ask there. */
  transaction?(
    work: (store: Opened['store'], query: (text: string) => Promise<unknown>) => Promise<void>,
  ): Promise<unknown>;
  /** A transaction that the app has begun inside of its own. The stores are of the outer one. */
  innerTransaction?(work: (store: Opened['store']) => Promise<void>): Promise<unknown>;
  /** Of SQLite, in milliseconds. */
  busyTimeout?(): Promise<unknown>;
  end(): Promise<unknown>;
}

export interface Library {
  readonly name: string;
  /** Whether its description of the table `badge` fills `code` and `updated_at`. */
  readonly fillsColumns: boolean;
  /** What the library calls the columns `password_hash`, `email_key`, `is_admin` and `verified_at`. */
  readonly names: Readonly<Record<'passwordHash' | 'emailKey' | 'isAdmin' | 'verifiedAt', string>>;
  open(database: Database, url: string): Promise<Opened>;
}

const HASH = `$2b$10$${'a'.repeat(53)}`;
/** For the table `badge`. */
const FILLED = { code: 'x', updated_at: '2026-01-01 00:00:00' };
/** As a floating-point number `FIRST_BIG_ID` is this one too. */
const ROUNDED_ID = FIRST_BIG_ID - 1n;
const OTHER_HASH = `$2b$10$${'b'.repeat(53)}`;

export function proveLibrary(
  library: Library,
  databases: readonly Database[] = ['postgres', 'mariadb'],
): void {
  describe.each(databases)(`${library.name} on %s`, (database) => {
    let server: TestServer;
    let app: Opened;
    const person = (): UserTableOptions => ({
      columns: {
        id: 'id',
        username: 'email',
        passwordHash: library.names.passwordHash,
        roles: 'roles',
        disabled: { column: 'active', invert: true },
      },
    });
    const member = (): UserTableOptions => ({
      columns: {
        id: 'id',
        username: 'email',
        usernameKey: library.names.emailKey,
        passwordHash: library.names.passwordHash,
        disabled: 'blocked',
        emailVerified: library.names.verifiedAt,
      },
      roles: (row) => [row[library.names.isAdmin] ? 'admin' : 'member'],
    });
    const sql = (text: string) => onConnection(database, server.url, ({ query }) => query(text));
    let store: AppTableUserStore;

    beforeAll(async () => {
      useCallTimes(PATIENT);
      server = await startDatabase(database);
      app = await library.open(database, server.url);
      store = app.store('person_int', person());
      await store.migrate();
    });
    afterAll(async () => {
      await app?.end();
      await server?.stop();
    });

    runContract(userStoreContract(() => store));
    runContract(identityStoreContract(() => store));
    runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));

    test.each<Table>(['person_int', 'person_big', 'person_uuid'])(
      'ids of %s go back to the database as they came',
      async (table) => {
        const other = app.store(table, person());
        if (table === 'person_big')
          await sql(`INSERT INTO person_big (id, email) VALUES (${ROUNDED_ID}, 'neighbour')`);
        await other.migrate();
        const [ann, bob] = [
          await other.create({ username: `Ann-${table}`, passwordHash: HASH, roles: ['admin'] }),
          await other.create({ username: `bob-${table}`, passwordHash: HASH }),
        ];
        const kept = await sql(`SELECT id FROM ${table} WHERE email = 'Ann-${table}'`);
        expect(ann.id).toBe(String(kept[0]?.['id']));
        if (table === 'person_big')
          expect([ann.id, bob.id]).toEqual(['9007199254740993', '9007199254740994']);
        for (const user of [ann, bob]) {
          expect(await other.findById(user.id)).toEqual(user);
          expect(await other.updatePasswordHash(user.id, OTHER_HASH, HASH)).toBe(true);
          expect(await other.update(user.id, { roles: ['editor', 'ü'], disabled: true })).toBe(true);
          expect(await other.findByUsername(user.username.toUpperCase())).toEqual({
            ...user,
            passwordHash: OTHER_HASH,
            roles: ['editor', 'ü'],
            disabled: true,
          });
          expect(
            await other.credentials().add({ userId: user.id, kind: 'totp', id: user.id, data: '' }),
          ).toBe(true);
        }
        const carl = await other.create({ username: `carl-${table}`, passwordHash: HASH });
        await expectNobody(other, carl);
        expect(await other.delete(ann.id)).toBe(true);
        expect(await other.findById(ann.id)).toBeUndefined();
        if (table === 'person_big')
          expect(await other.findById(String(ROUNDED_ID))).toMatchObject({
            username: 'neighbour',
            passwordHash: null,
            disabled: false,
          });
        expect(await other.findById(bob.id)).toBeDefined();
      },
    );

    test('users of the app are listed page by page, and those that it wrote itself are found', async () => {
      const listed = app.store('member', member());
      await listed.migrate();
      for (const name of ['ann', 'Bob', 'carl'])
        await sql(
          `INSERT INTO member (id, email, city) VALUES ('${randomUUID()}', '${name}@example.com', 'Ulm')`,
        );
      const found = await listed.findByUsername('bob@EXAMPLE.com');
      expect(found).toMatchObject({ username: 'Bob@example.com', passwordHash: null, roles: ['member'] });
      const first = await listed.list({ limit: 2 });
      const rest = await listed.list({ after: first[1]?.username as string });
      expect([...first, ...rest].map(({ username }) => username).sort()).toEqual([
        'Bob@example.com',
        'ann@example.com',
        'carl@example.com',
      ]);
      await sql('DELETE FROM member');
    });

    test('100 creates of one name at once make one user', async () => {
      const name = randomUUID();
      const created = await Promise.allSettled(
        Array.from({ length: 100 }, (_, n) =>
          store.create({ username: n % 2 ? name : name.toUpperCase(), passwordHash: HASH }),
        ),
      );
      expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const each of created)
        if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(UsernameTakenError);
      const rows = await sql(`SELECT count(*) AS n FROM person_int WHERE lower(email) = '${name}'`);
      expect(Number(rows[0]?.['n'])).toBe(1);
    });

    test('further NOT NULL columns are filled from the fields, the key is in a column, roles come from a flag', async () => {
      const members = app.store('member', member());
      await members.migrate();
      const { isAdmin } = library.names;
      const user = await members.create(
        { username: 'Zoë', passwordHash: HASH },
        { city: 'Ulm', [isAdmin]: true },
      );
      expect(user).toMatchObject({ username: 'Zoë', roles: ['admin'], disabled: false });
      expect(await members.findByUsername('ZOË')).toEqual(user);
      expect(await sql('SELECT email_key, city FROM member')).toEqual([{ email_key: 'zoë', city: 'Ulm' }]);
      await expect(members.create({ username: 'zOË', passwordHash: HASH }, { city: 'Bonn' })).rejects.toThrow(
        UsernameTakenError,
      );
      await expect(members.update(user.id, { roles: ['admin'] })).rejects.toThrow(/function roles/);
      await expect(
        members.create(
          { username: 'x', passwordHash: HASH },
          { city: 'x', [library.names.passwordHash]: 'x' },
        ),
      ).rejects.toThrow(TypeError);
      expect(await members.update(user.id, { disabled: true })).toBe(true);
      expect(await sql('SELECT id FROM member WHERE blocked')).toEqual([{ id: user.id }]);
      expect(await members.updateUsername(user.id, 'Zoe', 'Zoë')).toBe(true);
      expect(await sql('SELECT email_key FROM member')).toEqual([{ email_key: 'zoe' }]);
    });

    test.each<[Table, string]>([
      ['member', 'verified_at'],
      ['badge', 'verified'],
    ])('in %s the column %s says whether the name is proved', async (table, column) => {
      const { id: idColumn, username, passwordHash } = person().columns;
      const columns = { id: idColumn, username, passwordHash, emailVerified: 'verified' };
      const other = app.store(table, table === 'member' ? member() : { columns });
      await other.migrate();
      const fields = { city: 'Ulm', ...(table === 'badge' && !library.fillsColumns && FILLED) };
      const { id } = await other.create({ username: 'Vera', passwordHash: HASH }, fields);
      const inRow = async () =>
        Boolean((await sql(`SELECT ${column} FROM ${table} WHERE id = '${id}'`))[0]?.[column]);
      const asked = (name: string) => other.isEmailVerified(id, name);
      expect([await asked('Vera'), await inRow()]).toEqual([false, false]);
      await other.setEmailVerified(id, 'nobody');
      expect(await inRow()).toBe(false);
      await other.setEmailVerified(id, 'vera');
      expect([await asked('VERA'), await inRow(), await asked('nobody')]).toEqual([true, true, false]);
      expect(await other.updateUsername(id, 'VERA', 'Vera')).toBe(true);
      expect(await asked('vera')).toBe(true);
      expect(await other.updateUsername(id, 'eva', 'VERA')).toBe(true);
      expect([await asked('eva'), await inRow()]).toEqual([false, false]);
      await sql(
        `UPDATE ${table} SET ${column} = ${column === 'verified' || database === 'sqlite' ? 'true' : 'CURRENT_TIMESTAMP'}`,
      );
      expect(await asked('eva')).toBe(true);
      expect(await other.isEmailVerified(randomUUID(), 'eva')).toBe(false);
      await other.delete(id);
    });
    if (database === 'sqlite') {
      test('a file that another process has locked is a 503 within 2 seconds, and heals', async () => {
        useCallTimes(REAL);
        const calls = [
          () => store.create({ username: randomUUID(), passwordHash: HASH }),
          () => store.credentials().add({ userId: '1', kind: 'totp', id: randomUUID(), data: '' }),
        ];
        await onConnection(database, server.url, async ({ query }) => {
          await query('BEGIN IMMEDIATE');
          for (const call of calls) {
            const failure = await within<unknown>(2000, call).catch((error: unknown) => error);
            expect(failure).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
          }
          expect(await store.findById('1')).toBeDefined(); // readers wait for nobody
          useCallTimes(PATIENT);
          const waiting = calls.map((call) => call());
          await query('COMMIT');
          await Promise.all(waiting);
        });
        expect(await app.busyTimeout?.()).toBe(5000); // the app's setting
        useCallTimes(PATIENT);
      });
      return;
    }

    test('ready() names the columns that nobody fills, and none that the library or a trigger fills', async () => {
      const badges = app.store('badge', {
        columns: { id: 'id', username: 'email', passwordHash: library.names.passwordHash },
      });
      await badges.migrate();
      await badges.ready();
      const { message } = (await badges
        .ready({ hasFields: false })
        .catch((error: unknown) => error)) as Error;
      const named = Array.from(message.matchAll(/the column (\w+) is NOT NULL/g), ([, name]) => name);
      const unfilled = library.fillsColumns ? ['city'] : ['city', 'code', 'updated_at'];
      expect(named.sort()).toEqual(unfilled);
      const fields = { city: 'Ulm', ...(!library.fillsColumns && FILLED) };
      await badges.create({ username: 'Ann', passwordHash: HASH }, fields);
      expect(await sql('SELECT slug FROM badge')).toEqual([{ slug: 'ann' }]);
    });

    test('in a transaction of the app a taken name is refused, and the transaction goes on with its settings', async () => {
      const [first, taken, last] = [randomUUID(), randomUUID(), randomUUID()];
      const ask =
        database === 'postgres'
          ? "SELECT current_setting('lock_timeout') AS setting"
          : 'SELECT @@innodb_lock_wait_timeout AS setting';
      await onConnection(database, server.url, async ({ query }) => {
        await query('BEGIN');
        await query(`INSERT INTO person_int (email) VALUES ('${taken}')`);
        // A transaction of MariaDB sees no row from after its first question.
        if (database === 'mariadb') await query('COMMIT');
        await app.transaction?.(async (storeOf, inside) => {
          if (database === 'postgres') await inside("SET LOCAL lock_timeout = '1234ms'");
          const before = await inside(ask);
          const users = storeOf('person_int', person());
          await users.create({ username: first, passwordHash: HASH });
          expect(await inside(ask)).toEqual(before);
          const refused = expect(users.create({ username: taken, passwordHash: HASH })).rejects.toThrow(
            UsernameTakenError,
          );
          if (database === 'postgres') {
            const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
            await eventually(
              'it waits for the other transaction',
              async () => (await sql(waiting)).length > 0,
            );
            await query('COMMIT');
          }
          await refused;
          expect(await inside(ask)).toEqual(before);
          const both = await Promise.allSettled([
            users.create({ username: first.toUpperCase(), passwordHash: HASH }),
            users.create({ username: last, passwordHash: HASH }),
          ]);
          expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
          expect(await inside(ask)).toEqual(before);
        });
      });
      const names = [first, taken, last].map((each) => `'${each}'`).join(', ');
      expect(await sql(`SELECT email FROM person_int WHERE email IN (${names})`)).toHaveLength(3);
      expect(
        await sql(`SELECT user_id FROM person_int_usernames WHERE username_key IN (${names})`),
      ).toHaveLength(2);
      expect((await store.findByUsername(taken))?.username).toBe(taken);
    });

    test('in a transaction of the app a call is answered when it has ended, so what the app writes next is not lost', async () => {
      useCallTimes(REAL);
      const [slow, next] = [`slow-${randomUUID()}`, randomUUID()];
      await sql(
        database === 'postgres'
          ? `CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.email LIKE 'slow-%' THEN PERFORM pg_sleep(1.3); END IF; RETURN NEW; END $$`
          : 'DO 0',
      );
      const when = 'TRIGGER be_slow BEFORE INSERT ON person_int FOR EACH ROW';
      await sql(
        database === 'postgres'
          ? `CREATE ${when} EXECUTE FUNCTION be_slow()`
          : `CREATE ${when} SET NEW.email = IF(NEW.email LIKE 'slow-%', CONCAT(NEW.email, LEFT('', SLEEP(1.3))), NEW.email)`,
      );
      try {
        await app.transaction?.(async (storeOf, inside) => {
          await storeOf('person_int', person()).create({ username: slow, passwordHash: HASH });
          await inside(`INSERT INTO person_int (email) VALUES ('${next}')`);
        });
      } finally {
        await sql(database === 'postgres' ? 'DROP FUNCTION be_slow() CASCADE' : 'DROP TRIGGER be_slow');
        useCallTimes(PATIENT);
      }
      const names = app.transaction ? 2 : 0;
      expect(await sql(`SELECT email FROM person_int WHERE email IN ('${slow}', '${next}')`)).toHaveLength(
        names,
      );
      expect((await store.findByUsername(slow))?.username).toBe(app.transaction && slow);
    });

    test('a call inside of an inner transaction of the app does not wait for its end, and leaves it as it is', async () => {
      const [name, known] = [randomUUID(), randomUUID()];
      await store.create({ username: known, passwordHash: HASH });
      let isDone = false;
      await app.innerTransaction?.(async (storeOf) => {
        const users = storeOf('person_int', person());
        expect((await users.findByUsername(known))?.username).toBe(known);
        await users.create({ username: name, passwordHash: HASH });
        isDone = true;
      });
      expect(isDone).toBe(app.innerTransaction !== undefined);
      expect((await store.findByUsername(name))?.username).toBe(app.innerTransaction && name);
    });

    test('several stores in one transaction of the app, at the same time, lose nothing', async () => {
      const [first, taken, last] = [randomUUID(), randomUUID(), randomUUID()];
      await store.create({ username: taken, passwordHash: HASH });
      await app.transaction?.(async (storeOf) => {
        const created = [first, taken, last].map((username) =>
          storeOf('person_int', person()).create({ username, passwordHash: HASH }),
        );
        const outcomes = (await Promise.allSettled(created)).map(({ status }) => status);
        expect(outcomes).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      });
      for (const name of app.transaction ? [first, taken, last] : [taken])
        expect((await store.findByUsername(name))?.username).toBe(name);
    });

    test('a transaction that a deadlock has rolled back is tried again', async () => {
      const { id, username } = await store.create({ username: randomUUID(), passwordHash: HASH });
      const next = randomUUID();
      await onConnection(database, server.url, async ({ query }) => {
        // PostgreSQL rolls back whoever notices the deadlock first, MariaDB whoever has written less.
        if (database === 'postgres') await query("SET deadlock_timeout = '1h'");
        await query('BEGIN');
        const keys = [next, ...Array.from({ length: 20 }, () => randomUUID())];
        await query(
          `INSERT INTO person_int_usernames (username_key, user_id) VALUES ${keys.map((key) => `('${key}', 'x')`).join(', ')}`,
        );
        const renaming = store.updateUsername(id, next, username);
        await eventually('the store has locked the row, and waits for the key', async () => {
          const free = await sql(`SELECT id FROM person_int WHERE id = ${id} FOR UPDATE SKIP LOCKED`);
          return free.length === 0;
        });
        await query(`SELECT id FROM person_int WHERE id = ${id} FOR UPDATE`); // the deadlock
        await query('ROLLBACK');
        expect(await renaming).toBe(true);
      });
      expect((await store.findById(id))?.username).toBe(next);
    });

    test('a deadlock in a transaction of the app is a 503: the call is not made again outside of it', async () => {
      const [own, name, next] = [randomUUID(), randomUUID(), randomUUID()];
      const { id } = await store.create({ username: name, passwordHash: HASH });
      const failures: unknown[] = [];
      await onConnection(database, server.url, async ({ query }) => {
        if (database === 'postgres') await query("SET deadlock_timeout = '1h'");
        await query('BEGIN');
        const keys = [next, ...Array.from({ length: 20 }, () => randomUUID())];
        await query(
          `INSERT INTO person_int_usernames (username_key, user_id) VALUES ${keys.map((key) => `('${key}', 'x')`).join(', ')}`,
        );
        await app.transaction?.(async (storeOf, inside) => {
          await inside(`INSERT INTO person_int (email) VALUES ('${own}')`);
          const renaming = storeOf('person_int', person()).updateUsername(id, next, name);
          const failed = renaming.catch((error: unknown) => failures.push(error));
          await eventually('the store has locked the row, and waits for the key', async () => {
            const free = await sql(`SELECT id FROM person_int WHERE id = ${id} FOR UPDATE SKIP LOCKED`);
            return free.length === 0;
          });
          await query(`SELECT id FROM person_int WHERE id = ${id} FOR UPDATE`); // the deadlock
          await query('ROLLBACK');
          await failed;
        });
      });
      expect(failures).toMatchObject([{ code: 'SERVICE_UNAVAILABLE' }]);
      expect((await store.findById(id))?.username).toBe(name);
      // PostgreSQL has returned to the savepoint. MariaDB has rolled back the whole transaction, as the 503 says.
      const rows = await sql(`SELECT id FROM person_int WHERE email = '${own}'`);
      expect(rows).toHaveLength(database === 'postgres' ? 1 : 0);
    });

    if (database === 'mariadb')
      test('in a transaction of the app no savepoint is a prepared statement, which MySQL refuses', async () => {
        const log = (where: string) =>
          sql(`SELECT command_type, CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log ${where}`);
        await sql("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON");
        await app.transaction?.(async (storeOf) => {
          const users = storeOf('person_int', person());
          const { username } = await users.create({ username: randomUUID(), passwordHash: HASH });
          await expect(users.create({ username, passwordHash: HASH })).rejects.toThrow(UsernameTakenError);
        });
        await sql('SET GLOBAL general_log = OFF');
        const savepoints = await log(
          "WHERE argument LIKE '%savepoint%' AND argument NOT LIKE '%general_log%'",
        );
        expect(savepoints.length).toBeGreaterThanOrEqual(4);
        expect(new Set(savepoints.map((row) => row['command_type']))).toEqual(new Set(['Query']));
      });

    test('a look-up in a transaction of the app keeps no key, so no lock and no deadlock comes of it', async () => {
      const name = randomUUID();
      await sql(`INSERT INTO person_int (email) VALUES ('${name}')`);
      await app.transaction?.(async (storeOf) => {
        expect((await storeOf('person_int', person()).findByUsername(name))?.username).toBe(name);
      });
      const keys = `SELECT user_id FROM person_int_usernames WHERE username_key = '${name}'`;
      expect(await sql(keys)).toEqual([]);
      expect((await store.findByUsername(name))?.username).toBe(name);
      expect(await sql(keys)).toHaveLength(1);
    });

    describe('outages', () => {
      const user = { username: 'outage', passwordHash: HASH };
      let id: string;
      const calls = (): [string, () => Promise<unknown>][] => [
        ['findById', () => store.findById(id)],
        ['findByUsername', () => store.findByUsername(user.username)],
        ['create', () => store.create({ ...user, username: randomUUID() })],
        ['updatePasswordHash', () => store.updatePasswordHash(id, OTHER_HASH, HASH)],
        ['credentials().list', () => store.credentials().list(id)],
      ];

      beforeAll(async () => {
        ({ id } = await store.create(user));
      });
      beforeEach(() => useCallTimes(REAL));
      afterEach(() => useCallTimes(PATIENT));

      async function assertUnavailable(): Promise<void> {
        for (const [call, run] of calls()) {
          const failure = await within(2000, run).catch((error: unknown) => error);
          expect([call, (failure as AuthError).code]).toEqual([call, 'SERVICE_UNAVAILABLE']);
        }
      }

      const heals = async () => {
        await eventually('the store works again', async () => {
          const found = await store.findById(id).catch(() => undefined);
          return found?.id === id;
        });
        useCallTimes(PATIENT);
      };

      test('100 writes to one user at once wait for each other, also on a busy machine', async () => {
        const busy = [0, 1].map(() => spawn(process.execPath, ['-e', "console.log('busy'); for (;;);"]));
        try {
          await Promise.all(busy.map(({ stdout }) => once(stdout, 'data')));
          // All of them get their turn, which takes longer than a request may on such a machine.
          useCallTimes({ timeout: 20_000 });
          const writes = Array.from({ length: 100 }, (_, n) => store.update(id, { roles: [`role-${n}`] }));
          expect(new Set(await Promise.all(writes))).toEqual(new Set([true]));
        } finally {
          for (const each of busy) each.kill('SIGKILL');
        }
        expect((await store.findById(id))?.roles).toHaveLength(1);
      });

      test('a locked row is a 503 within 2 seconds, and keeps no connection from others', async () => {
        useCallTimes(PATIENT);
        const other = await store.create({ username: randomUUID(), passwordHash: HASH });
        await onConnection(database, server.url, async ({ query }) => {
          await query('BEGIN');
          await query(`SELECT id FROM person_int WHERE id = ${id} FOR UPDATE`);
          useCallTimes(REAL);
          const refused = within(2000, () =>
            Promise.allSettled(Array.from({ length: 40 }, () => store.update(id, { disabled: true }))),
          );
          expect(await store.update(other.id, { roles: ['editor'] })).toBe(true);
          for (const each of await refused)
            expect(each).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
          await query('ROLLBACK');
        });
        await heals();
        expect(await store.update(id, { roles: ['editor'] })).toBe(true);
        expect((await store.findById(id))?.disabled).toBe(false);
      });

      describe('what the server itself refuses', () => proveRefusals(database, () => store, sql));

      test('a frozen server is a 503 within 2 seconds, for a new client too', async () => {
        server.freeze();
        try {
          await assertUnavailable();
          const fresh = await library.open(database, server.url);
          try {
            // Each store asks for the columns of its table first.
            for (const call of [
              (each: AppTableUserStore) => each.findById(id),
              (each: AppTableUserStore) => each.create({ ...user, username: randomUUID() }),
              (each: AppTableUserStore) => each.updateUsername(id, randomUUID(), user.username),
            ]) {
              const refused = within<unknown>(2000, () => call(fresh.store('person_int', person())));
              await expect(refused).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
            }
            const other = fresh.store('person_int', person());
            const failures = await within(2000, () =>
              Promise.allSettled([other.findById(id), other.create(user)]),
            );
            for (const failure of failures)
              expect(failure).toMatchObject({ reason: { code: 'SERVICE_UNAVAILABLE' } });
          } finally {
            server.thaw();
            await fresh.end();
          }
        } finally {
          server.thaw();
        }
        await heals();
      });

      test('a killed server is a 503 within 2 seconds, and the store heals by itself', async () => {
        await server.kill();
        await assertUnavailable();
        await server.restart();
        await heals();
      });
    });
  });
}
