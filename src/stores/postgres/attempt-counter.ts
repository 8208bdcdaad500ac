import { limiterCounter, loadLimiters, type AttemptCounter } from '../attempt-counter.js';
import type { BoundedPostgres } from './client.js';
import { pruneNowAndThen } from './prune-now-and-then.js';
import type { refreshTokenStatements } from './refresh-token-sql.js';

/** @param table the name, optionally with its schema; `migrate` creates the table */
export function postgresAttemptCounter(
  postgres: BoundedPostgres,
  sql: ReturnType<typeof refreshTokenStatements>,
  table: string,
  name: string,
  windowSeconds: number,
): AttemptCounter {
  const [tableName, schemaName] = table.split('.').reverse();
  const { RateLimiterPostgres } = loadLimiters();
  const limiter = new RateLimiterPostgres({
    // The limiter passes one object, but the clients of the stores (such as PGlite) take a text and its values.
    storeClient: {
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        // Pruned here and not at logins: an attacker's made-up usernames never log in, but each has a counter.
        pruneNowAndThen(postgres, sql.pruneAttempts);
        const { rows, ...result } = await postgres.send(text, values);
        return { ...result, rows: rows.map(withNumbers) };
      },
    },
    storeType: 'client',
    tableName: tableName as string,
    ...(schemaName && { schemaName }),
    tableCreated: true, // by migrate()
    clearExpiredByTimeout: false, // pruneNowAndThen does it without a timer
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

/** The limiter's own statement returns an integer and a bigint, which the app's parsers may make of another type. */
function withNumbers(row: unknown): unknown {
  const { points, expire, ...others } = row as Record<string, unknown>;
  return {
    ...others,
    ...(points !== undefined && { points: Number(points) }),
    ...(expire !== undefined && { expire: expire === null ? null : Number(expire) }),
  };
}
