import { existsSync } from 'node:fs';
import { SQLITE } from '../../stores/app-table/dialects/sqlite.js';
import type { SqlStatements } from '../../stores/app-table/sql-statements.js';
import type { Row } from '../../stores/app-table/user-rows.js';
import { CommandError, reasonOf, UsageError } from '../describe-error.js';
import { NO_FILE, sqliteStores } from '../sqlite-stores.js';
import { withSqlite, type SqliteFile } from '../sqlite.js';
import type { StoreNames } from '../store-names.js';
import { checkSchema } from './check-schema.js';
import { checkUsersTable } from './check-users-table.js';
import { findingsAbout, type Finding } from './finding.js';

const { ok, fail } = findingsAbout('sqlite');

/** Looks at the file of DATABASE_URL, and writes nothing into it. */
export async function checkSqlite(file: string, names: StoreNames, only?: 'sessions'): Promise<Finding[]> {
  if (!existsSync(file))
    return [fail(`there is no file ${file}`, 'correct DATABASE_URL, or run `npx passport-visa migrate`')];
  try {
    return await withSqlite(file, (opened) => checkFile(opened, names, only), { readOnly: true });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const isMissingPackage = error instanceof CommandError && error.cause === undefined;
    const cure = isMissingPackage
      ? 'install it, and run the doctor there'
      : 'see whether DATABASE_URL names the file of your app, and whether this user of the system may read it';
    return [fail(error instanceof CommandError ? error.message : reasonOf(error), cure)];
  }
}

async function checkFile({ database, driver }: SqliteFile, names: StoreNames, only?: 'sessions') {
  const rows = <Row>(sql: string, ...values: string[]) => database.prepare(sql).all(...values) as Row[];
  const [version] = rows<{ name: string }>('SELECT sqlite_version() AS name');
  const [mode] = rows<{ journal_mode: string }>('PRAGMA journal_mode');
  const columnsOf = (table: string) => {
    const columns = rows<{ name: string }>('SELECT name FROM pragma_table_info(?)', table);
    return Promise.resolve(columns.length === 0 ? undefined : columns.map(({ name }) => name));
  };
  return [
    ok(`SQLite ${version?.name ?? ''}, by ${driver}`),
    mode?.journal_mode === 'wal'
      ? ok("the file is in WAL mode, so readers and a writer don't wait for each other")
      : fail(
          `the file is in the mode ${mode?.journal_mode ?? ''}, in which readers and a writer wait for each other`,
          'run `npx passport-visa migrate`, which switches it to WAL',
        ),
    ...(await checkSchema('sqlite', sqliteStores(NO_FILE, names), only, names, columnsOf)),
    ...(only ? [] : await checkUsersTable('sqlite', { dialect: SQLITE, sql: statementsOf(database) }, names)),
  ];
}

function statementsOf(database: SqliteFile['database']): SqlStatements {
  const query = (text: string, values: readonly unknown[] = []) =>
    Promise.resolve(database.prepare(text).all(...(values as string[])) as Row[]);
  return { query, execute: async (text, values) => (await query(text, values)).length };
}
