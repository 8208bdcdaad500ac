import { Kysely, MysqlDialect, PostgresDialect } from 'kysely';
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
  names: { passwordHash: 'password_hash', emailKey: 'email_key', isAdmin: 'is_admin' },
  async open(database, url) {
    const db = new Kysely<{ person_int: Person; person_big: Person }>({
      dialect:
        database === 'postgres'
          ? new PostgresDialect({ pool: new Pool({ connectionString: url }) })
          : new MysqlDialect({ pool: createPool(url) }),
    });
    return {
      store: (table, options) => new KyselyUserStore(db, { table, ...options }),
      end: () => db.destroy(),
    };
  },
});
