import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import { sqlTable, type SqlTableOptions } from '../app-table/sql-table-options.js';
import { mysqlAppDatabase } from './app-database.js';
import type { MysqlClient } from './client.js';

/** The options of `new MysqlUserStore`. Without `columns`, the store has a table of its own, which `migrate()` creates. */
export type MysqlUserStoreOptions = SqlTableOptions;

/** Users in a table of MySQL 8 or MariaDB 10.6 and newer, through mysql2. */
export class MysqlUserStore extends AppTableUserStore {
  /** Uses your pool, and never ends it. Does not connect. @throws TypeError for a wrong client or option */
  constructor(client: MysqlClient, options: MysqlUserStoreOptions = {}) {
    const { mapping, place, statements } = sqlTable('new MysqlUserStore()', MYSQL, options);
    const { database, facts } = mysqlAppDatabase(client, place, mapping);
    super(database, mapping, facts, statements);
  }
}
