import type { UserStoreReadyOptions } from '../user-store.js';
import type { BoundedDatabase } from './bounded-database.js';
import { faultsOf, type TableFault } from './check-table.js';
import { ownTableStatements, type OwnTables } from './own-tables.js';
import type { AppDatabase } from './sql-database.js';
import type { UserMapping } from './user-table-options.js';

/**
 * Looks at the app's table and at ours.
 * @throws Error that names each fault, with the SQL that cures it
 */
export async function assertReady(
  database: BoundedDatabase,
  app: AppDatabase,
  mapping: UserMapping,
  tables: OwnTables,
  { hasFields = true }: UserStoreReadyOptions,
): Promise<void> {
  const { dialect, place } = app;
  const faults = await database.read(() => tableFaults(app, mapping, hasFields));
  const missing: string[] = [];
  for (const table of [tables.usernames, tables.identities, tables.credentials])
    if (table !== undefined && !(await database.isThere(table))) missing.push(table);
  if (faults.length > 0)
    throw new Error(
      `The table ${place?.table ?? ''} of ${dialect.title} can't be used yet:\n${faults.map(({ what, cure }) => `- ${what}: ${cure}`).join('\n')}`,
    );
  if (missing.length > 0)
    throw new Error(
      `The tables ${missing.join(', ')} are missing in ${dialect.title}: call \`await store.migrate()\` before the app listens, or run this SQL:\n${dialect
        .migration(ownTableStatements(tables, dialect))
        .map((each) => `${each};`)
        .join('\n')}`,
    );
}

/** What is wrong with the app's table. */
export async function tableFaults(
  { dialect, place, sql, libraryFills = () => false }: Omit<AppDatabase, 'rows' | 'transaction'>,
  mapping: UserMapping,
  hasFields: boolean,
): Promise<TableFault[]> {
  if (!place) return [];
  const columns = new Map((await dialect.columns(sql, place)).map((each) => [each.name, each]));
  const unique = await dialect.uniqueIndexes(sql, place);
  const triggers = await dialect.insertTriggers(sql, place);
  return faultsOf({ dialect, place, mapping, columns, unique, triggers, libraryFills, hasFields });
}
