import { ownTables, ownTableStatements } from '../stores/app-table/own-tables.js';
import { sqlTable } from '../stores/app-table/sql-table-options.js';
import type { Dialect } from '../stores/app-table/dialects/dialect.js';
import { printJson, printLine, startOnNewLine, type JsonOption } from './output.js';
import { asUsageError } from './describe-error.js';

export type DialectName = Dialect['name'];

export interface UsersSqlOptions extends JsonOption {
  dialect: DialectName;
  beside?: string | undefined;
  usersTable?: string;
  prefix?: string;
}

/** What every table has. Which columns of it hold what makes no difference to the tables beside it. */
const COLUMNS = { id: 'id', username: 'username', passwordHash: 'password_hash' };

/** Prints the SQL of the tables that a user store needs: those beside a table of the app's, or all of the store's own. */
export async function printUsersSql({
  dialect: name,
  beside,
  usersTable,
  prefix,
  json,
}: UsersSqlOptions): Promise<void> {
  const dialect = await load(name);
  const options = {
    prefix,
    ...(beside === undefined ? { table: usersTable } : { table: beside, columns: COLUMNS }),
  };
  const { mapping, place, statements } = asUsageError(() => sqlTable('migrate', dialect, options));
  const own = ownTableStatements(ownTables(mapping, place), dialect);
  const sql = dialect.migration([...statements, ...own]).map((each) => `${each};`);
  if (json) printJson({ users: sql.join('\n') });
  else {
    startOnNewLine();
    for (const line of sql.join('\n').split('\n')) printLine(line);
  }
}

async function load(name: DialectName): Promise<Dialect> {
  switch (name) {
    case 'mysql':
      return (await import('../stores/app-table/dialects/mysql.js')).MYSQL;
    case 'sqlite':
      return (await import('../stores/app-table/dialects/sqlite.js')).SQLITE;
    case 'postgres':
      return (await import('../stores/app-table/dialects/postgres.js')).POSTGRES;
  }
}
