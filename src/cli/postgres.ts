import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { withinTime } from '../utils/within-time.js';
import { CommandError, reasonOf } from './describe-error.js';
import { hostOf, requiredSetting } from './environment.js';
import { optionalPackage } from './optional-package.js';

/** Short enough for every command to report an outage within two seconds. */
export const CONNECT_TIMEOUT_MS = 1500;

/** For a server that has accepted the connection, and says nothing. */
export function noAnswer(timeoutMs: number): Error {
  return new Error(`no answer within ${timeoutMs / 1000} s`);
}

/** An app may have its own database in the same variable. */
const OTHERS =
  ', or sqlite:FILE. If your users are in another database, run `doctor --only sessions`, and name users by their id: `sessions list --id 42`';

/** How long a server may be silent while a statement is allowed to take long. */
const SILENCE_MS = 10_000;
const ASK_EVERY_MS = 1000;

export interface PostgresSettings {
  /** A sentence about how to do without DATABASE_URL, if that is possible. */
  otherwise?: string | undefined;
  /** Whether statements may take as long as the server answers other questions meanwhile. Default: no longer than a connection. */
  mayTakeLong?: boolean;
}

/**
 * Connects to DATABASE_URL, runs `work` and closes the connections, without waiting for that.
 * @throws UsageError when DATABASE_URL is missing or wrong
 * @throws CommandError when `pg` is not installed, or the server can't be used
 */
export async function withPostgres<T>(
  work: (pool: Pool) => Promise<T>,
  { otherwise, mayTakeLong = false }: PostgresSettings = {},
): Promise<T> {
  const url = requiredSetting('DATABASE_URL', 'postgres://…', otherwise);
  const place = hostOf('DATABASE_URL', url, ['postgres:', 'postgresql:'], OTHERS);
  const unusable = (error: unknown): never => {
    throw new CommandError(`PostgreSQL at ${place} can't be used: ${reasonOf(error)}`, { cause: error });
  };
  const { Pool } = await optionalPackage('pg', () => import('pg'));
  const pool = new Pool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A server that freezes after the connection was made would never answer.
    ...(!mayTakeLong && { query_timeout: CONNECT_TIMEOUT_MS }),
    max: 2,
  });
  pool.on('error', () => undefined); // the query in flight reports it
  try {
    await ask(pool, CONNECT_TIMEOUT_MS).catch(unusable);
    if (!mayTakeLong) return await work(pool);
    const connection = await pool.connect().catch(unusable);
    connection.on('error', () => undefined);
    return await whileItAnswers(connection, () => work(pool), unusable).finally(() =>
      connection.release(true),
    );
  } finally {
    void pool.end().catch(() => undefined);
  }
}

async function ask(connection: Pick<Pool, 'query'>, timeoutMs: number): Promise<void> {
  const question = connection.query('SELECT 1');
  await withinTime(question, timeoutMs, () => noAnswer(timeoutMs));
}

/** @param silent throws as soon as the server has been silent for too long */
async function whileItAnswers<T>(
  connection: Pick<Pool, 'query'>,
  work: () => Promise<T>,
  silent: (error: unknown) => never,
): Promise<T> {
  const done = new AbortController();
  const silence = (async (): Promise<never> => {
    for (;;) {
      await sleep(ASK_EVERY_MS, undefined, { signal: done.signal });
      await ask(connection, SILENCE_MS).catch(silent);
    }
  })();
  try {
    return await Promise.race([work(), silence]);
  } finally {
    done.abort();
    silence.catch(() => undefined);
  }
}
