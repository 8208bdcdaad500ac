import Database from 'better-sqlite3';
import knex from 'knex';
import { Kysely, SqliteDialect } from 'kysely';
import { KnexUserStore } from '../../../src/stores/knex';
import { KyselyUserStore } from '../../../src/stores/kysely';
import { proveLibrary } from '../prove-library';

const names = {
  passwordHash: 'password_hash',
  emailKey: 'email_key',
  isAdmin: 'is_admin',
  verifiedAt: 'verified_at',
};

proveLibrary(
  {
    name: 'better-sqlite3: Knex',
    fillsColumns: false,
    names,
    open(_database, filename) {
      const db = knex({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true });
      return Promise.resolve({
        store: (table, options) => new KnexUserStore(db, { table, ...options }),
        busyTimeout: async () => ((await db.raw('PRAGMA busy_timeout')) as { timeout: number }[])[0]?.timeout,
        end: () => db.destroy(),
      });
    },
  },
  ['sqlite'],
);

interface Person {
  id: number;
  email: string;
  password_hash: string | null;
}

proveLibrary(
  {
    name: 'better-sqlite3: Kysely',
    fillsColumns: false,
    names,
    open(_database, file) {
      const database = new Database(file);
      const db = new Kysely<{ person_int: Person }>({ dialect: new SqliteDialect({ database }) });
      return Promise.resolve({
        store: (table, options) => new KyselyUserStore(db, { table, ...options }),
        busyTimeout: () => Promise.resolve(database.pragma('busy_timeout', { simple: true })),
        end: () => db.destroy(),
      });
    },
  },
  ['sqlite'],
);
