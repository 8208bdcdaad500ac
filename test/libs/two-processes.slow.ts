import mysql from 'mysql2';
import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { PostgresUserStore } from '../../src';
import { MysqlUserStore } from '../../src/stores/mysql';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import type { TestServer } from '../helpers/servers/servers';
import { OtherProcess } from './sqlite/processes';
import { onConnection, startDatabase, type Server } from './tables';
import { within } from '../helpers/within';

const MAPPED = {
  table: 'person_int',
  columns: { id: 'id', username: 'email', passwordHash: 'password_hash' },
};

/** An error that the database itself sends, as for a deadlock that comes whenever a user is inserted. */
const DEADLOCKS = {
  postgres: [
    `CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'deadlock detected' USING ERRCODE = '40P01'; END $$`,
    'CREATE TRIGGER deadlock BEFORE INSERT ON TABLE FOR EACH ROW EXECUTE FUNCTION deadlock()',
  ],
  mariadb: [
    `CREATE TRIGGER deadlock BEFORE INSERT ON TABLE FOR EACH ROW SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213`,
  ],
};

describe.each<Server>(['postgres', 'mariadb'])('%s', (database) => {
  let server: TestServer;
  beforeAll(async () => {
    useCallTimes(PATIENT);
    server = await startDatabase(database);
  });
  afterAll(() => server.stop());
  const sql = (text: string) => onConnection(database, server.url, ({ query }) => query(text));

  test('100 look-ups at once in two processes keep one key of a row that the app wrote', async () => {
    const columns = { ...MAPPED.columns, usernameKey: 'email_key' };
    const options = JSON.stringify({ table: 'member', columns });
    const processes = [1, 2].map(
      () => new OtherProcess(server.url, options, { script: '../creating-process.mjs' }),
    );
    try {
      await Promise.all(processes.map((each) => each.call('migrate')));
      for (let round = 0; round < 5; round += 1) {
        const email = `Ann-${randomUUID()}`;
        await sql(`INSERT INTO member (id, email, city) VALUES ('${randomUUID()}', '${email}', 'Ulm')`);
        const found = await Promise.all(processes.map((each) => each.call('find', email.toUpperCase(), 50)));
        expect(found.flat()).toEqual(Array.from({ length: 100 }, () => email));
        expect(await sql(`SELECT email_key FROM member WHERE email = '${email}'`)).toEqual([
          { email_key: email.toLowerCase() },
        ]);
      }
    } finally {
      for (const each of processes) await each.kill();
    }
  });

  describe.each([
    ['the table of the store', 'visa_users', 'username', {}],
    ['a table of the app', MAPPED.table, 'email', MAPPED],
  ])('%s', (_what, table, column, options) => {
    test('100 creates of one name at once in two processes make one user', async () => {
      const processes = [1, 2].map(
        () => new OtherProcess(server.url, JSON.stringify(options), { script: '../creating-process.mjs' }),
      );
      try {
        await Promise.all(processes.map((each) => each.call('migrate')));
        for (let round = 0; round < 5; round += 1) {
          const name = `ann-${randomUUID()}`;
          const answers = (await Promise.all(processes.map((each) => each.call('create', name, 50)))).flat();
          const refused = Array.from({ length: 99 }, () => 'UsernameTakenError');
          expect(answers.sort()).toEqual([...refused, 'created']);
          const rows = await sql(`SELECT count(*) AS n FROM ${table} WHERE lower(${column}) = '${name}'`);
          expect(Number(rows[0]?.['n'])).toBe(1);
        }
      } finally {
        for (const each of processes) await each.kill();
      }
    });

    test('a deadlock that comes again and again is a 503', async () => {
      const isPostgres = database === 'postgres';
      const pool = isPostgres
        ? new Pool({ connectionString: server.url })
        : mysql.createPool({ uri: server.url }).promise();
      const users = isPostgres
        ? new PostgresUserStore(pool as Pool, options)
        : new MysqlUserStore(pool as never, options);
      const { auth, client, unforeseen } = createTestApp({ users });
      const register = async () => {
        const { status, body } = await client()
          .post('/auth/register')
          .send({ username: `bob-${randomUUID()}`, password: PASSWORD });
        return { status, code: (body as { code?: unknown }).code };
      };
      expect((await register()).status).toBe(201);
      for (const text of DEADLOCKS[database]) await sql(text.replace('TABLE', table));
      useCallTimes(REAL);
      expect(await within(2000, register)).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
      useCallTimes(PATIENT);
      expect(unforeseen).toEqual([]);
      await sql(isPostgres ? 'DROP FUNCTION deadlock CASCADE' : 'DROP TRIGGER deadlock');
      await auth.close();
      await pool.end();
    });
  });
});
