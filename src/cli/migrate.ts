import type { PostgresClient } from '../stores/postgres/client.js';
import { printJson, printLine, startOnNewLine, type JsonOption } from './output.js';
import { withPostgres } from './postgres.js';
import type { DialectName } from './print-users-sql.js';
import { openPostgresSessionStore, openUserStore, type StoreNames } from './stores.js';

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

/** For `--dry-run`: a store does not connect until it is used, so its `schema` needs no server. */
const NO_SERVER: PostgresClient = { query: () => Promise.reject(new Error('There is no server')) };

export async function migrate(options: MigrateOptions): Promise<void> {
  const { dialect, beside, only, dryRun, json, ...names } = options;
  // No driver of these databases is loaded here, and the mapping of the app's table isn't known: the app runs the SQL.
  if ((dialect !== undefined && dialect !== 'postgres') || beside !== undefined)
    return (await import('./print-users-sql.js')).printUsersSql(options);
  if (dryRun) {
    printSchemas(await openStores(NO_SERVER, names, only), json);
    return;
  }
  await withPostgres(async (pool) => {
    const stores = await openStores(pool, names, only);
    for (const [, store] of stores) await store.migrate();
    const done = stores.map(([name]) => name);
    if (json) printJson({ migrated: done });
    else printLine(`The schema of ${done.join(' and ')} is up to date`);
  });
}

async function openStores(
  client: PostgresClient,
  names: StoreNames,
  only: MigrateOptions['only'],
): Promise<[name: string, store: StoreWithSchema][]> {
  const stores: [string, StoreWithSchema][] = [];
  if (only !== 'sessions') stores.push(['users', await openUserStore(client, names)]);
  if (only !== 'users') stores.push(['sessions', await openPostgresSessionStore(client, names)]);
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
