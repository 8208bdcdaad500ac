import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SqliteDatabase } from '../stores/sqlite/database.js';
import { CommandError, reasonOf, SettingError } from './describe-error.js';
import { setting } from './environment.js';
import { optionalPackage } from './optional-package.js';

/** A file that a command has opened. */
export interface SqliteFile {
  readonly database: SqliteDatabase & { close(): void };
  /** `node:sqlite` or `better-sqlite3`. */
  readonly driver: string;
}

export interface SqliteSettings {
  /** For `migrate`: creates the file if it isn't there, and waits for a lock as long as the stores do. Default: false. */
  migrates?: boolean;
  /** Default: false. */
  readOnly?: boolean;
}

type Open = (file: string, readOnly: boolean) => SqliteFile;

/** For the look at the file. The stores wait for a lock by themselves. */
const BUSY_TIMEOUT_MS = 1000;
/** As long as `migrate()` of the stores waits. */
const MIGRATE_TIMEOUT_MS = 10_000;

/** Prisma writes `file:`. Two slashes after it change nothing, and three begin an absolute path. */
const SQLITE_URL = /^(?:sqlite|file):(?:\/\/)?([^?]*)/i;

export function isSqliteUrl(url: string | undefined): boolean {
  return url !== undefined && SQLITE_URL.test(url);
}

/**
 * The file that DATABASE_URL names. Undefined: it is another database, or not set.
 * @throws SettingError when it names no file
 */
export function sqliteFile(): string | undefined {
  const [, path] = SQLITE_URL.exec(setting('DATABASE_URL') ?? '') ?? [];
  if (path === undefined) return undefined;
  if (path === '' || path.startsWith(':memory:'))
    throw new SettingError(
      "DATABASE_URL must name the file of SQLite: sqlite:app.db. A database in memory is inside your app's process, out of reach of this command",
    );
  return resolve(path);
}

/**
 * Opens a file of SQLite, runs `work` and closes it.
 * @throws CommandError when there is no driver, or the file can't be used
 */
export async function withSqlite<T>(
  file: string,
  work: (opened: SqliteFile) => Promise<T>,
  { migrates = false, readOnly = false }: SqliteSettings = {},
): Promise<T> {
  const open = builtInDriver() ?? (await installedDriver());
  if (!migrates && !existsSync(file))
    throw new CommandError(
      `There is no file ${file}: correct DATABASE_URL, or create it with \`npx passport-visa migrate\``,
    );
  const opened = openFile(() => open(file, readOnly), file, migrates ? MIGRATE_TIMEOUT_MS : BUSY_TIMEOUT_MS);
  try {
    return await work(opened);
  } finally {
    opened.database.close();
  }
}

function openFile(open: () => SqliteFile, file: string, timeoutMs: number): SqliteFile {
  try {
    const opened = open();
    opened.database.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
    opened.database.prepare('SELECT count(*) FROM sqlite_master').all(); // opening alone reads nothing
    return opened;
  } catch (error) {
    throw new CommandError(`SQLite at ${file} can't be used: ${reasonOf(error)}`, { cause: error });
  }
}

type Constructor = new (file: string, options: object) => SqliteFile['database'];

/** Node has SQLite from 22.13 on. */
function builtInDriver(): Open | undefined {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined; // Node 22 warns that it is experimental
  try {
    const { DatabaseSync } = (process.getBuiltinModule?.('node:sqlite') ?? {}) as {
      DatabaseSync?: Constructor;
    };
    if (!DatabaseSync) return undefined;
    return (file, readOnly) => ({ database: new DatabaseSync(file, { readOnly }), driver: 'node:sqlite' });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A name that TypeScript doesn't resolve, because it is not installed where this is built. */
const BETTER_SQLITE3: string = 'better-sqlite3';

async function installedDriver(): Promise<Open> {
  const load = async () => ((await import(BETTER_SQLITE3)) as { default: Constructor }).default;
  const Database = await optionalPackage(
    BETTER_SQLITE3,
    load,
    'Node 22.13 and newer need no package, because they have node:sqlite',
  );
  return (file, readonly) => ({ database: new Database(file, { readonly }), driver: BETTER_SQLITE3 });
}
