import { setting } from '../environment.js';
import { sqliteFile } from '../sqlite.js';
import type { StoreNames } from '../store-names.js';
import { checkPostgres } from './check-postgres.js';
import { checkSqlite } from './check-sqlite.js';
import { connectionFailure, findingsAbout, type Finding } from './finding.js';

/** Which line of the app looks at users that the doctor doesn't know. */
const READY = ', whose table `await auth.ready()` checks when your app starts';

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
    return [ok(`not in use: users are in a store of your own${READY}, and sessions in Redis`)];
  if (file === undefined && setting('DATABASE_URL') === undefined)
    return [warn('DATABASE_URL is not set, so PostgreSQL is not checked', 'set it, or use --env-file')];
  return [
    ...(await (file === undefined ? checkPostgres(names, only) : checkSqlite(file, names, only))),
    ...(only ? [ok(`users are in a store of your own${READY}`)] : []),
  ];
}
