import { inTransactionOfApp } from '../app-table/app-transaction.js';
import { BuiltRows, type BuiltTable } from '../app-table/built-rows.js';
import type { Dialect } from '../app-table/dialects/dialect.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { TablePlace } from '../app-table/sql-statements.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { Column, DrizzleCalls, DrizzleTable } from './drizzle-client.js';
import { drizzleQueries } from './drizzle-queries.js';
import { described, SqlMaker, type TableDescription } from './drizzle-sql.js';
import { drizzleStatements } from './drizzle-statements.js';

/** The app's table through Drizzle. @throws TypeError for a table of another database, and for a column that it doesn't have */
export function drizzleDatabase(
  db: DrizzleCalls,
  table: DrizzleTable,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const description = described(table);
  const dialect = dialectOf(description);
  assertColumns(description, mapping);
  const place = placeOf(db, description);
  const sql = new SqlMaker(table);
  const facts = new TableFacts(
    { dialect, place, sql: drizzleStatements(db, sql, dialect) },
    mapping.columns.username,
  );
  const built: BuiltTable = {
    dialect,
    mapping,
    facts,
    lockedFirst: place,
    fillsIds: description.columns[mapping.columns.id]?.hasDefault === true,
    encoded: (name, value) => encoded(description.columns[name], value, dialect),
  };
  const filled = filledColumns(description, place);
  const queries = drizzleQueries(table, description, dialect, sql, mapping.columns.id);
  const accessOf = (connection: DrizzleCalls): TableAccess => {
    const statements = drizzleStatements(connection, sql, dialect);
    return { sql: statements, rows: new BuiltRows(built, queries(connection), statements) };
  };
  const access = accessOf(db);
  const isOfApp = db.rollback !== undefined;
  const database: AppDatabase = {
    ...access,
    dialect,
    place,
    transactionOfApp: isOfApp ? 'begun' : undefined,
    libraryFills: (column) => filled.has(column),
    // Drizzle's own savepoint has the same name as one that the app has begun inside of its transaction.
    transaction: (work) =>
      isOfApp
        ? inTransactionOfApp(db, access, work)
        : db.transaction((transaction) => work(accessOf(transaction))),
  };
  return { database, facts };
}

/** What `.default()` says is in the database too. The functions of `$defaultFn` and `$onUpdateFn` are in Drizzle alone. */
function filledColumns({ columns }: TableDescription, place: TablePlace): ReadonlySet<string> {
  const filled = Object.keys(columns).filter((name) => columns[name]?.defaultFn ?? columns[name]?.onUpdateFn);
  return new Set(filled.map((name) => place.columnName?.(name) ?? name));
}

/** Most columns of Drizzle take lists, flags and times as they are. */
function encoded(column: Column | undefined, value: unknown, dialect: Dialect): unknown {
  if (column?.dataType === 'string' && value instanceof Date)
    return dialect === MYSQL ? value.toISOString().slice(0, 19).replace('T', ' ') : value.toISOString();
  if (column?.dataType === 'string' && Array.isArray(value)) return JSON.stringify(value);
  if (column?.dataType === 'number' && typeof value === 'boolean') return Number(value);
  return value;
}

function dialectOf({ kind }: TableDescription): Dialect {
  if (kind === 'PgTable') return POSTGRES;
  if (kind === 'MySqlTable') return MYSQL;
  const cure = kind === 'SQLiteTable' ? '. For SQLite give the database itself to SqliteUserStore' : '';
  throw new TypeError(`new DrizzleUserStore() takes a table that pgTable or mysqlTable made${cure}`);
}

function assertColumns({ name, columns }: TableDescription, { mapped }: UserMapping): void {
  const missing = [...mapped].find((each) => !Object.hasOwn(columns, each));
  if (missing === undefined) return;
  throw new TypeError(
    `new DrizzleUserStore(): the table ${name} has no field ${missing}: its fields are ${Object.keys(columns).join(', ')}`,
  );
}

function placeOf({ dialect }: DrizzleCalls, { name, schema, columns }: TableDescription): TablePlace {
  const nameOf = (column: Column) =>
    column.keyAsName ? dialect.casing.getColumnCasing(column) : column.name;
  return {
    table: name,
    schema,
    columnName: (mapped) => (columns[mapped] ? nameOf(columns[mapped]) : mapped),
  };
}
