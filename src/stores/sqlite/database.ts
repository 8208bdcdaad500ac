/** A prepared statement of node:sqlite or better-sqlite3: the members that the stores use. */
export interface SqliteStatement {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint };
}

/**
 * An open database: a `DatabaseSync` of node:sqlite, or a `Database` of better-sqlite3. It stays the app's: the stores neither
 * close it nor change its settings.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** What only one of the drivers has. Where both have nothing, the driver's default is what the stores need. */
interface DriverMembers {
  /** better-sqlite3 */
  readonly open?: unknown;
  readonly readonly?: unknown;
  pragma?: unknown;
  /** node:sqlite, where `open` is a method */
  readonly isOpen?: unknown;
}

interface StatementSettings {
  /** better-sqlite3 */
  safeIntegers?(isOn: boolean): unknown;
  /** node:sqlite */
  setReadBigInts?(isOn: boolean): unknown;
  setReturnArrays?(isOn: boolean): unknown;
}

/** @throws TypeError that says what was passed instead of a database, and what to pass */
export function assertSqliteDatabase(store: string, database: unknown): asserts database is SqliteDatabase {
  const cure = `new ${store}(new DatabaseSync(file)) with node:sqlite, or new ${store}(new Database(file)) with better-sqlite3`;
  const members = (typeof database === 'object' && database !== null ? database : {}) as Record<
    string,
    unknown
  >;
  const isDatabase =
    ['prepare', 'exec'].every((name) => typeof members[name] === 'function') &&
    // The package sqlite3 has both methods too, and calls back.
    (typeof members['pragma'] === 'function' || typeof members['location'] === 'function');
  if (!isDatabase)
    throw new TypeError(
      `${store} got ${typeof database === 'string' ? 'a text, not a database' : 'no database of node:sqlite or better-sqlite3'}: ${cure}`,
    );
  if (members['readonly'] === true)
    throw new TypeError(`${store} got a database that was opened read-only: ${cure}`);
}

/** Whether the app has closed it. */
export function isClosed(database: SqliteDatabase): boolean {
  const { open, isOpen } = database as DriverMembers;
  return open === false || isOpen === false;
}

/**
 * Prepares a statement that returns rows as objects, whatever the app has set for the whole database.
 * @param asBigInts whether integers come as bigints. As numbers, those above 2^53 are rounded by better-sqlite3, and an error of
 * node:sqlite
 */
export function prepare(database: SqliteDatabase, sql: string, asBigInts: boolean): SqliteStatement {
  const statement = database.prepare(sql) as SqliteStatement & StatementSettings;
  statement.safeIntegers?.(asBigInts);
  statement.setReadBigInts?.(asBigInts);
  statement.setReturnArrays?.(false);
  return statement;
}
