import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { SQLITE } from '../app-table/dialects/sqlite.js';
import { sqlTable, type SqlTableOptions } from '../app-table/sql-table-options.js';
import { sqliteAppDatabase } from './app-database.js';
import { SqliteConnection } from './connection.js';
import { assertSqliteDatabase, type SqliteDatabase } from './database.js';

/** The options of `new SqliteUserStore`. Without `columns`, the store has a table of its own, which `migrate()` creates. */
export type SqliteUserStoreOptions = SqlTableOptions;

/** Users in a table of SQLite, through node:sqlite or better-sqlite3. */
export class SqliteUserStore extends AppTableUserStore {
  readonly #connection: SqliteConnection;

  /**
   * Uses your database, and never closes it.
   * @param database a `DatabaseSync` of node:sqlite, or a `Database` of better-sqlite3
   * @throws TypeError for anything else, and for a wrong option
   */
  constructor(database: SqliteDatabase, options: SqliteUserStoreOptions = {}) {
    assertSqliteDatabase('SqliteUserStore', database);
    const { mapping, place, statements } = sqlTable('new SqliteUserStore()', SQLITE, options);
    const connection = new SqliteConnection(database, { asBigInts: true });
    const { database: appDatabase, facts } = sqliteAppDatabase(connection, place, mapping);
    super(appDatabase, mapping, facts, statements);
    this.#connection = connection;
  }

  /**
   * Creates what is missing of the tables beside yours, and keeps the `usernameKey` of each row that is there. Switches the file to WAL
   * mode, which stays set in the file. Safe to run again, and in several processes at once.
   * @throws AuthError SERVICE_UNAVAILABLE if the file is locked for 10 seconds
   */
  override async migrate(): Promise<void> {
    await this.#connection.migrate(() => super.migrate());
  }
}
