import { withDatabase, type Database } from './database.js';
import { UsageError } from './describe-error.js';
import { setting } from './environment.js';
import { printJson, printLine, startOnNewLine, type JsonOption } from './output.js';
import { NO_SERVER, postgresStores } from './postgres-stores.js';
import type { DialectName } from './print-users-sql.js';
import { NO_FILE, sqliteStores } from './sqlite-stores.js';
import { isSqliteUrl } from './sqlite.js';
import type { StoreNames } from './store-names.js';

export interface MigrateOptions extends StoreNames, JsonOption {
  dialect?: DialectName;
  beside?: string;
  only?: 'users' | 'sessions';
  dryRun?: boolean;
}

interface StoreWithSchema {
  readonly schema: string;
  migrate(): Promise<void>;
}

export async function migrate({ dialect: given, beside, ...options }: MigrateOptions): Promise<void> {
  const { only, dryRun, json, ...names } = options;
  const ofUrl = isSqliteUrl(setting('DATABASE_URL')) ? 'sqlite' : 'postgres';
  const dialect = given ?? ofUrl;
  // No driver of MySQL is loaded here, and the mapping of the app's table isn't known: the app runs the SQL.
  if (dialect === 'mysql' || beside !== undefined)
    return (await import('./print-users-sql.js')).printUsersSql({ ...options, dialect, beside });
  if (dryRun || given === 'sqlite') {
    const stores = dialect === 'sqlite' ? sqliteStores(NO_FILE, names) : postgresStores(NO_SERVER, names);
    printSchemas(await openStores(stores, only), json);
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
  await withDatabase(names, run, { creates: true });
}

async function openStores(
  database: Database,
  only: MigrateOptions['only'],
): Promise<[name: string, store: StoreWithSchema][]> {
  const stores: [string, StoreWithSchema][] = [];
  if (only !== 'sessions') stores.push(['users', await database.users()]);
  if (only !== 'users') stores.push(['sessions', await database.sessions()]);
  return stores;
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
