import { setting } from '../environment.js';
import { sqliteFile } from '../sqlite.js';
import type { StoreNames } from '../store-names.js';
import { checkPostgres } from './check-postgres.js';
import { checkSqlite } from './check-sqlite.js';
import { connectionFailure, findingsAbout, type Finding } from './finding.js';

/** Looks at the database of DATABASE_URL. */
export async function checkDatabase(names: StoreNames, only?: 'sessions'): Promise<Finding[]> {
  let file: string | undefined;
  try {
    file = sqliteFile();
  } catch (error) {
    return [connectionFailure('sqlite', 'DATABASE_URL', error)];
  }
  const { ok, warn } = findingsAbout(file === undefined ? 'postgres' : 'sqlite');
  if (only && setting('REDIS_URL') !== undefined)
    return [ok('not in use: users are in a store of your own, and sessions in Redis')];
  if (file !== undefined) return checkSqlite(file, names, only);
  if (setting('DATABASE_URL') === undefined)
    return [warn('DATABASE_URL is not set, so PostgreSQL is not checked', 'set it, or use --env-file')];
  return checkPostgres(names, only);
}
