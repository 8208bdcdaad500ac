import { PostgresUserStore } from '../../../src';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';
import { proveVerifiedColumn, type VerifiedTable } from './verified-column';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());

const COLUMNS = { id: 'id', username: 'email', passwordHash: 'hash', emailVerified: 'verified' };

describe.each([
  ['boolean NOT NULL DEFAULT false', 'true'],
  ['timestamptz', 'now()'],
])('a column verified %s', (type, proved) => {
  let table: VerifiedTable;
  beforeAll(async () => {
    const name = `users_${proved.slice(0, 3)}`;
    const { pool } = database;
    await pool.query(
      `CREATE TABLE ${name} (id serial PRIMARY KEY, email text NOT NULL UNIQUE, hash text, verified ${type})`,
    );
    const users = new PostgresUserStore(pool, { table: name, columns: COLUMNS });
    await users.migrate();
    await users.ready();
    table = {
      users,
      isVerified: async (email) => {
        const { rows } = await pool.query(`SELECT verified FROM ${name} WHERE email = $1`, [email]);
        return Boolean((rows as { verified: unknown }[])[0]?.verified);
      },
      setVerified: (email) => pool.query(`UPDATE ${name} SET verified = ${proved} WHERE email = $1`, [email]),
    };
  });

  proveVerifiedColumn(() => table);
});

test.each([
  ['text', /has the type text, and must be a boolean, or the time of the proof/],
  ['timestamptz NOT NULL', /must allow NULL: ALTER TABLE wrong ALTER COLUMN verified DROP NOT NULL;/],
])('ready() refuses a column verified %s', async (type, message) => {
  await database.pool.query(
    `CREATE TABLE wrong (id serial PRIMARY KEY, email text NOT NULL UNIQUE, hash text, verified ${type})`,
  );
  const users = new PostgresUserStore(database.pool, { table: 'wrong', columns: COLUMNS });
  await expect(users.ready()).rejects.toThrow(message);
  await database.pool.query('DROP TABLE wrong');
});
