import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { kindOf } from '../../utils/option-words.js';
import { wrongClient } from '../app-table/table-option.js';
import { userMapping, type UserTableOptions } from '../app-table/user-table-options.js';
import type { DrizzleCalls, DrizzleClient, DrizzleTable } from './drizzle-client.js';
import { drizzleDatabase } from './drizzle-database.js';

export type { DrizzleClient, DrizzleTable } from './drizzle-client.js';
export type { UserColumns, UserTableOptions } from '../app-table/user-table-options.js';

/** The options of `new DrizzleUserStore`. Columns are named as the fields of the table: `passwordHash`, not `password_hash`. */
export interface DrizzleUserStoreOptions extends UserTableOptions {
  /** The app's table of users: what `pgTable` or `mysqlTable` returned. */
  table: DrizzleTable;
}

const CALL = 'new DrizzleUserStore()';
const METHODS = ['select', 'insert', 'update', 'delete', 'execute', 'transaction'] as const;

/** Users in the app's own table, through Drizzle over PostgreSQL or MySQL. */
export class DrizzleUserStore extends AppTableUserStore {
  /**
   * Uses your database, and never closes it. Does not connect. Of a database `withReplicas` it uses the primary alone.
   * @param db what `drizzle(…)` returned, or a transaction
   * @throws TypeError that names what is wrong and how to fix it
   */
  constructor(db: DrizzleClient, options: DrizzleUserStoreOptions) {
    const members = ((db as unknown) ?? {}) as DrizzleClient & DrizzleCalls;
    if (!METHODS.every((method) => typeof members[method] === 'function'))
      throw wrongClient(CALL, 'a database of Drizzle for PostgreSQL or MySQL: drizzle(url)', db);
    const { table, ...others } = options ?? {};
    if (typeof (table as DrizzleTable | undefined)?.getSQL !== 'function')
      throw new TypeError(
        `${CALL}: table must be your table of users as pgTable or mysqlTable made it, not ${kindOf(table)}`,
      );
    const mapping = userMapping(CALL, others);
    const { database, facts } = drizzleDatabase(members.$primary ?? members, table, mapping);
    super(database, mapping, facts);
  }
}
