import knex from 'knex';
import { KnexUserStore } from '../../src/stores/knex';
import { proveLibrary } from './prove-library';

proveLibrary({
  name: 'Knex',
  fillsColumns: false,
  names: {
    passwordHash: 'password_hash',
    emailKey: 'email_key',
    isAdmin: 'is_admin',
    verifiedAt: 'verified_at',
  },
  async open(database, url) {
    const db = knex({ client: database === 'postgres' ? 'pg' : 'mysql2', connection: url });
    return {
      store: (table, options) => new KnexUserStore(db, { table, ...options }),
      transaction: (work) =>
        db.transaction((tx) =>
          work(
            (table, options) => new KnexUserStore(tx, { table, ...options }),
            async (text) => {
              const answer = (await tx.raw(text)) as { rows: unknown } & unknown[];
              return database === 'postgres' ? answer.rows : answer[0];
            },
          ),
        ),
      innerTransaction: (work) =>
        db.transaction((tx) =>
          tx.transaction(() => work((table, options) => new KnexUserStore(tx, { table, ...options }))),
        ),
      end: () => db.destroy(),
    };
  },
});
