import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { namedTable, wrongClient } from '../app-table/table-option.js';
import type { UserTableOptions } from '../app-table/user-table-options.js';
import type { KnexCalls, KnexClient } from './knex-client.js';
import { knexDatabase } from './knex-database.js';

export type { KnexClient } from './knex-client.js';
export type { UserColumns, UserTableOptions } from '../app-table/user-table-options.js';

/** The options of `new KnexUserStore`. Columns have the names that you use with Knex. */
export interface KnexUserStoreOptions extends UserTableOptions {
  /** The app's table of users, optionally with its schema: `auth.users`. */
  table: string;
}

const CALL = 'new KnexUserStore()';

/** Users in the app's own table, through Knex 3 over pg, mysql2 or better-sqlite3. */
export class KnexUserStore extends AppTableUserStore {
  /**
   * Uses your instance, and never destroys it. Does not connect.
   * @param knex what `knex({ … })` returned, or a transaction
   * @throws TypeError that names what is wrong and how to fix it
   */
  constructor(knex: KnexClient, options: KnexUserStoreOptions) {
    if (
      typeof knex !== 'function' ||
      typeof knex.raw !== 'function' ||
      typeof knex.transaction !== 'function'
    )
      throw wrongClient(CALL, "an instance of Knex: knex({ client: 'pg', connection: url })", knex);
    const { table, mapping } = namedTable(CALL, options);
    const { database, facts } = knexDatabase(knex as KnexCalls, table, mapping);
    super(database, mapping, facts);
  }
}
