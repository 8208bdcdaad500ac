import { Kysely, MysqlDialect, PostgresDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import { Pool } from 'pg';
import { KyselyUserStore } from '../../src/stores/kysely';
import { proveLibrary } from './prove-library';

interface Person {
  id: string;
  email: string;
  password_hash: string | null;
}

proveLibrary({
  name: 'Kysely',
  fillsColumns: false,
  names: {
    passwordHash: 'password_hash',
    emailKey: 'email_key',
    isAdmin: 'is_admin',
    verifiedAt: 'verified_at',
  },
  async open(database, url) {
    const pool = new Pool({ connectionString: url });
    pool.on('error', () => undefined); // the tests kill its server
    pool.on('connect', (connection) => connection.on('error', () => undefined));
    const db = new Kysely<{ person_int: Person; person_big: Person }>({
      dialect:
        database === 'postgres' ? new PostgresDialect({ pool }) : new MysqlDialect({ pool: createPool(url) }),
    });
    return {
      store: (table, options) => new KyselyUserStore(db, { table, ...options }),
      transaction: (work) =>
        db.transaction().execute((tx) =>
          work(
            (table, options) => new KyselyUserStore(tx, { table, ...options }),
            async (text) => (await sql.raw(text).execute(tx)).rows,
          ),
        ),
      end: () => db.destroy(),
    };
  },
});
