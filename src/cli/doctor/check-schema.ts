import type { Database } from '../database.js';
import { setting } from '../environment.js';
import { sessionTables, type StoreNames } from '../store-names.js';
import { findingsAbout, type Finding } from './finding.js';
import { schemaColumns } from './schema-columns.js';

const OWN_USERS =
  'with a table of your own: doctor --users-table people --columns username=email,…; with another user store: doctor --only sessions';

/**
 * Compares the tables of a database with the SQL of the stores that are in use.
 * @param only the users are in a store of the app's own
 * @param columnsOf the columns of a table. Undefined: there is no such table
 */
export async function checkSchema(
  about: string,
  stores: Database,
  only: 'sessions' | undefined,
  names: StoreNames,
  columnsOf: (table: string) => Promise<readonly string[] | undefined>,
): Promise<Finding[]> {
  const users = only ? undefined : await stores.users();
  const sessions = setting('REDIS_URL') === undefined ? await stores.sessions() : undefined;
  const { ok, fail } = findingsAbout(about);
  const findings: Finding[] = [];
  const migrate = `run \`npx passport-visa migrate\`${hasTableNames(names) ? ' with the same options' : ''}`;
  const wanted = [users, sessions].map((store) => schemaColumns(store?.schema ?? ''));
  const [usersTable] = wanted[0]?.keys() ?? [];
  for (const [table, columns] of wanted.flatMap((tables) => [...tables])) {
    const present = await columnsOf(table);
    const cure = table === usersTable && !names.columns ? `${migrate}; ${OWN_USERS}` : migrate;
    const missing = columns.filter((column) => !present?.includes(column));
    if (!present) findings.push(fail(`the table ${table} is missing`, cure));
    else if (missing.length > 0) findings.push(fail(`the table ${table} lacks ${missing.join(', ')}`, cure));
    else findings.push(ok(`the table ${table} is up to date`));
  }
  return findings;
}

/** Whether `migrate` would make other tables without the options of this command. */
function hasTableNames(names: StoreNames): boolean {
  const { columns, usersTable, identitiesTable, credentialsTable, prefix } = names;
  const sessions = Object.values(sessionTables(names));
  return [columns, usersTable, identitiesTable, credentialsTable, prefix, ...sessions].some(
    (each) => each !== undefined,
  );
}
