import type { Dialect } from './dialects/dialect.js';
import type { ErrorKind, SqlStatements, TablePlace } from './sql-statements.js';
import type { UserRows } from './user-rows.js';

/** The app's rows and our tables, on one connection inside a transaction, and on any connection outside. */
export interface TableAccess {
  readonly rows: UserRows;
  readonly sql: SqlStatements;
}

/** What a transaction works with. */
export interface TransactionAccess extends TableAccess {
  /** Whether the app has begun the transaction, which goes on afterwards. Default: it hasn't. */
  readonly isOfApp?: boolean;
}

/** What a library gives `AppTableUserStore`: its way to the app's table. No method waits or retries by itself. */
export interface AppDatabase extends TableAccess {
  readonly dialect: Dialect;
  /** Undefined where the library doesn't tell: then `ready()` can't look at the table. */
  readonly place: TablePlace | undefined;
  /**
   * Runs the work in one transaction. Rolls back if it throws, and throws the same. Inside a transaction that the app has begun, it
   * is a savepoint.
   * @param onlyOfApp for a look-up: where the app has begun no transaction, it needs none
   */
  transaction<T>(work: (access: TransactionAccess) => Promise<T>, onlyOfApp?: boolean): Promise<T>;
  /**
   * Whether the app has begun a transaction on the connection. Then look-ups are transactions too, so that an error of theirs doesn't
   * end it, and none of them comes between an error and the return to its savepoint. Default: it hasn't.
   */
  readonly transactionOfApp?: 'begun' | 'perhaps' | undefined;
  /** Whether the library fills this column of the database by itself in an INSERT that doesn't name it. Default: it fills none. */
  readonly libraryFills?: (column: string) => boolean;
  /** Whether the library needs up to a second of its own before its very first query. */
  readonly startsSlowly?: boolean;
  /** What only the library knows about its errors. Undefined: the dialect judges. */
  kindOfError?(error: unknown): ErrorKind | undefined;
}
