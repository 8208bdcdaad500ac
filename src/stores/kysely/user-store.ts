import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { namedTable, wrongClient } from '../app-table/table-option.js';
import type { UserTableOptions } from '../app-table/user-table-options.js';
import type { KyselyCalls, KyselyClient } from './kysely-client.js';
import { kyselyDatabase } from './kysely-database.js';

/** The options of `new KyselyUserStore`. Columns have the names of your `Database` type. */
export interface KyselyUserStoreOptions extends UserTableOptions {
  /** The app's table of users, optionally with its schema: `auth.users`. */
  table: string;
}

const CALL = 'new KyselyUserStore()';
const METHODS = [
  'selectFrom',
  'insertInto',
  'updateTable',
  'deleteFrom',
  'executeQuery',
  'withoutPlugins',
] as const;

/** Users in the app's own table, through Kysely over pg, mysql2 or better-sqlite3. */
export class KyselyUserStore extends AppTableUserStore {
  /**
   * Uses your instance, and never destroys it. Does not connect. With `kysely-replication/force` it uses the primary alone.
   * @param db your instance of Kysely, or a transaction of it
   * @throws TypeError that names what is wrong and how to fix it
   */
  constructor(db: KyselyClient, options: KyselyUserStoreOptions) {
    const members = db ?? {};
    if (!METHODS.every((method) => typeof members[method] === 'function'))
      throw wrongClient(CALL, 'an instance of Kysely: new Kysely<Database>({ dialect })', db);
    const { table, mapping } = namedTable(CALL, options);
    const calls = db as unknown as KyselyCalls;
    const { database, facts } = kyselyDatabase(calls.withPrimary?.() ?? calls, table, mapping);
    super(database, mapping, facts);
  }
}
