import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { limiterCounter, type AttemptCounter } from '../attempt-counter.js';
import type { BoundedPostgres, PostgresClient } from './client.js';
import { pruneNowAndThen } from './prune-now-and-then.js';
import type { refreshTokenStatements } from './refresh-token-sql.js';

/** @param table optionally with its schema; `migrate` creates it */
export function postgresAttemptCounter(
  { client, postgres }: { client: PostgresClient; postgres: BoundedPostgres },
  sql: ReturnType<typeof refreshTokenStatements>,
  table: string,
  name: string,
  windowSeconds: number,
): AttemptCounter {
  const [tableName, schemaName] = table.split('.').reverse();
  const limiter = new RateLimiterPostgres({
    // The limiter hands over one object; the stores' clients (PGlite among them) take text and values.
    storeClient: {
      query: ({ text, values }: { text: string; values: unknown[] }) => {
        // Made-up usernames never log in, so a login can't be what clears their counters.
        pruneNowAndThen(postgres, sql.pruneAttempts);
        return client.query(text, values);
      },
    },
    storeType: 'client',
    tableName: tableName as string,
    ...(schemaName && { schemaName }),
    tableCreated: true, // by migrate()
    clearExpiredByTimeout: false, // see pruneNowAndThen; a constructor starts no timer
    keyPrefix: name,
    points: 1,
    duration: windowSeconds,
  });
  return limiterCounter(limiter, postgres.run, {
    async decrement(key) {
      await postgres.query(sql.takeBackAttempt, [limiter.getKey(key)]);
    },
    async has(key) {
      return (await postgres.query(sql.hasAttempts, [limiter.getKey(key)])).length > 0;
    },
  });
}
