import type { Pool } from 'pg';
import { CommandError, reasonOf } from './describe-error.js';
import { hostOf, requiredSetting } from './environment.js';
import { optionalPackage } from './optional-package.js';

/** Short enough for every command to report an outage within two seconds. */
export const CONNECT_TIMEOUT_MS = 1500;

/** An app may have its own database in the same variable. */
const OTHERS =
  ', or sqlite:FILE. If your users are in another database, run `doctor --only sessions`, and name users by their id: `sessions list --id 42`';

/**
 * Connects to DATABASE_URL, runs `work` and closes the connections, without waiting for that.
 * @param otherwise a sentence about how to do without DATABASE_URL, if that is possible
 * @throws UsageError when DATABASE_URL is missing or wrong
 * @throws CommandError when `pg` is not installed, or the server can't be used
 */
export async function withPostgres<T>(work: (pool: Pool) => Promise<T>, otherwise?: string): Promise<T> {
  const url = requiredSetting('DATABASE_URL', 'postgres://…', otherwise);
  const place = hostOf('DATABASE_URL', url, ['postgres:', 'postgresql:'], OTHERS);
  const { Pool } = await optionalPackage('pg', () => import('pg'));
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, max: 2 });
  pool.on('error', () => undefined); // the query in flight reports it
  try {
    await pool.query('SELECT 1').catch((error: unknown) => {
      throw new CommandError(`PostgreSQL at ${place} can't be used: ${reasonOf(error)}`, { cause: error });
    });
    return await work(pool);
  } finally {
    void pool.end().catch(() => undefined);
  }
}
