import { SQLITE } from '../app-table/dialects/sqlite.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements, TablePlace } from '../app-table/sql-statements.js';
import { SqlUserRows } from '../app-table/sql-user-rows.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { Row } from '../app-table/user-rows.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { SqliteConnection } from './connection.js';
import { InUseError, type Statements } from './transactions.js';

const READS = /^\s*SELECT\b/i;

/** The app's table in a file of SQLite. @param connection with integers as bigints */
export function sqliteAppDatabase(
  connection: SqliteConnection,
  place: TablePlace,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  // Each statement is a transaction of its own.
  const outside: SqlStatements = {
    query: (text, values = []) => {
      const query = (inside: Statements) => exactRows(inside, text, values);
      return READS.test(text) ? connection.read(query) : connection.write(query);
    },
    execute: (text, values = []) => connection.write(({ run }) => run(text, ...values)),
  };
  const facts = new TableFacts({ dialect: SQLITE, sql: outside, place }, mapping.columns.username);
  const accessOf = (sql: SqlStatements): TableAccess => ({
    sql,
    rows: new SqlUserRows({ dialect: SQLITE, place, mapping, facts }, sql),
  });
  const database: AppDatabase = {
    ...accessOf(outside),
    dialect: SQLITE,
    place,
    transaction: (work) => connection.writeAsync((inside) => work(accessOf(statementsIn(inside)))),
    kindOfError: (error) => (error instanceof InUseError ? 'rolled-back' : undefined),
  };
  return { database, facts };
}

/** Promises that have been kept already: a transaction must not wait for anything. */
function statementsIn(inside: Statements): SqlStatements {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- so that an error is a rejection
    query: async (text, values = []) => exactRows(inside, text, values),
    // eslint-disable-next-line @typescript-eslint/require-await
    execute: async (text, values = []) => inside.run(text, ...values),
  };
}

/** Integers as numbers where they are exact, as an app would read them, and as bigints elsewhere. */
function exactRows({ rows }: Statements, text: string, values: readonly unknown[]): Row[] {
  return rows<Row>(text, ...values).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, exactly(value)])),
  );
}

function exactly(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
