import type { Dialect } from '../stores/app-table/dialects/dialect.js';
import { withDatabase, type Database } from './database.js';
import { UsageError } from './describe-error.js';
import { setting } from './environment.js';
import { printJson, printLine, startOnNewLine, type JsonOption } from './output.js';
import { mysqlStores } from './mysql-stores.js';
import { NO_SERVER, postgresStores } from './postgres-stores.js';
import { NO_FILE, sqliteStores } from './sqlite-stores.js';
import { isSqliteUrl } from './sqlite.js';
import { sessionTables, type StoreNames } from './store-names.js';

type DialectName = Dialect['name'];

export interface MigrateOptions extends StoreNames, JsonOption {
  dialect?: DialectName;
  beside?: string;
  only?: Part;
  dryRun?: boolean;
}

type Part = 'users' | 'sessions';

interface StoreWithSchema {
  readonly schema: string;
  migrate(): Promise<void>;
}

interface Stores {
  users(): Promise<StoreWithSchema>;
  sessions(): Promise<StoreWithSchema>;
}

/** What every table of users has. Which columns hold it makes no difference to the tables beside it. */
const COLUMNS = { id: 'id', username: 'username', passwordHash: 'password_hash' };

export async function migrate({ dialect: given, beside, ...options }: MigrateOptions): Promise<void> {
  const { only, dryRun, json, ...names } = options;
  const ofUrl = isSqliteUrl(setting('DATABASE_URL')) ? 'sqlite' : 'postgres';
  const dialect = given ?? ofUrl;
  if (beside !== undefined) {
    const users = storesFor(dialect, besideTable(beside, options)).users();
    printSchemas([['users', await users]], json);
    return;
  }
  // The app runs the SQL for MySQL, whose driver no command loads.
  if (dryRun || given === 'sqlite' || dialect === 'mysql') {
    const sessionsToo = dialect !== 'mysql' || Object.keys(sessionTables(names)).length > 0;
    const part = only ?? (sessionsToo ? undefined : 'users');
    printSchemas(await openStores(storesFor(dialect, names), part), json);
    return;
  }
  if (dialect !== ofUrl)
    throw new UsageError(`--dialect ${dialect}, but DATABASE_URL names a file of SQLite`);
  const run = async (database: Database) => {
    const stores = await openStores(database, only);
    for (const [, store] of stores) await store.migrate();
    const done = stores.map(([name]) => name);
    if (json) printJson({ migrated: done });
    else printLine(`The schema of ${done.join(' and ')} is up to date`);
  };
  await withDatabase(names, run, { migrates: true });
}

/** The names of the tables beside one of the app's. @throws UsageError for options that contradict it */
function besideTable(
  table: string,
  { only, usersTable, ...names }: Omit<MigrateOptions, 'beside'>,
): StoreNames {
  if (usersTable !== undefined)
    throw new UsageError('Give --beside or --users-table, not both: each names your table of users');
  if (only === 'sessions' || Object.keys(sessionTables(names)).length > 0)
    throw new UsageError('--beside prints the tables of users alone: leave it out for those of sessions');
  return { ...names, usersTable: table, columns: names.columns ?? COLUMNS };
}

/** For the SQL alone: they connect to nothing. */
function storesFor(dialect: DialectName, names: StoreNames): Stores {
  switch (dialect) {
    case 'postgres':
      return postgresStores(NO_SERVER, names);
    case 'mysql':
      return mysqlStores(names);
    case 'sqlite':
      return sqliteStores(NO_FILE, names);
  }
}

async function openStores(
  stores: Stores,
  only: Part | undefined,
): Promise<[name: Part, store: StoreWithSchema][]> {
  const opened: [Part, StoreWithSchema][] = [];
  if (only !== 'sessions') opened.push(['users', await stores.users()]);
  if (only !== 'users') opened.push(['sessions', await stores.sessions()]);
  return opened;
}

function printSchemas(stores: [string, StoreWithSchema][], json: boolean | undefined): void {
  const schemas = stores.map(([name, { schema }]) => [name, dedent(schema)] as const);
  if (json) {
    printJson(Object.fromEntries(schemas));
    return;
  }
  startOnNewLine();
  for (const [, sql] of schemas) for (const line of sql.split('\n')) printLine(line);
}

function dedent(sql: string): string {
  const lines = sql
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split('\n');
  const indent = /^ */.exec(lines[0] ?? '')?.[0] ?? '';
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line)).join('\n');
}
