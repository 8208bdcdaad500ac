import { isSqliteUrl } from '../sqlite.js';
import { findingsAbout, type Finding } from './finding.js';

const { ok, warn } = findingsAbout('second-factor');

/** Where the app has `secondFactor()`, which FACTOR_KEY shows: whether all processes count the tries of its codes together. */
export function checkSecondFactor({
  FACTOR_KEY,
  REDIS_URL,
  DATABASE_URL,
}: Readonly<Record<string, string | undefined>>): Finding[] {
  if (!FACTOR_KEY) return [];
  const database = isSqliteUrl(DATABASE_URL) ? 'SQLite' : 'PostgreSQL';
  const store = REDIS_URL ? 'Redis' : DATABASE_URL ? database : undefined;
  return [
    store
      ? ok(`tries of codes are counted in ${store}, for all processes together`)
      : warn(
          'neither REDIS_URL nor DATABASE_URL is set: a memory store counts tries of codes in each process by itself',
          'keep sessions in Redis or in a database, or run one process only',
        ),
  ];
}
