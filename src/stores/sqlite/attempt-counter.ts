import type { AttemptCounter } from '../attempt-counter.js';
import type { SqliteConnection } from './connection.js';

const PRUNED = 100;
const PRUNE_CHANCE = 1 / 20;

/**
 * Counts in a table. Written here and not with the limiter for SQLite of rate-limiter-flexible, which waits for a locked file by
 * blocking the event loop, and doesn't know node:sqlite.
 * @param table has been checked
 */
export function sqliteAttemptCounter(
  connection: SqliteConnection,
  table: string,
  name: string,
  windowSeconds: number,
): Required<AttemptCounter> {
  const sql = statements(table);
  const keyOf = (key: string) => `${name}:${key}`;
  return {
    increment: (key) =>
      connection.write(({ rows, run }) => {
        const now = Date.now();
        // Pruned here and not at logins: an attacker's made-up usernames never log in, but each has a counter.
        if (Math.random() < PRUNE_CHANCE) run(sql.prune, now);
        const ends = Math.ceil(now + windowSeconds * 1000);
        const [counted] = rows<{ points: number; expire: number }>(sql.increment, keyOf(key), ends, now, now);
        return { count: counted?.points ?? 1, msBeforeReset: (counted?.expire ?? ends) - now };
      }),
    decrement: (key) => connection.write(({ run }) => void run(sql.decrement, keyOf(key), Date.now())),
    has: (key) => connection.read(({ rows }) => rows(sql.has, keyOf(key), Date.now()).length > 0),
    hold: (key, seconds) =>
      connection.write(({ run }) => void run(sql.hold, keyOf(key), Math.ceil(Date.now() + seconds * 1000))),
    reset: (key) => connection.write(({ run }) => void run(sql.reset, keyOf(key))),
  };
}

function statements(table: string) {
  return {
    /** key, the end of a new window, now, now */
    increment: `
      INSERT INTO ${table} (key, points, expire) VALUES (?, 1, ?)
      ON CONFLICT (key) DO UPDATE SET
        points = CASE WHEN expire > ? THEN points + 1 ELSE 1 END,
        expire = CASE WHEN expire > ? THEN expire ELSE excluded.expire END
      RETURNING points, expire`,
    /** A count that reaches zero expires at once, so the next attempt starts a new window. key, now */
    decrement: `
      UPDATE ${table} SET points = points - 1, expire = CASE WHEN points > 1 THEN expire ELSE 0 END
      WHERE key = ? AND points > 0 AND expire > ?`,
    /** key, now */
    has: `SELECT 1 FROM ${table} WHERE key = ? AND points > 0 AND expire > ?`,
    /** key, the end of the window */
    hold: `
      INSERT INTO ${table} (key, points, expire) VALUES (?, 1, ?)
      ON CONFLICT (key) DO UPDATE SET points = 1, expire = excluded.expire`,
    /** key */
    reset: `DELETE FROM ${table} WHERE key = ?`,
    /** now */
    prune: `
      DELETE FROM ${table} WHERE key IN (
        SELECT key FROM ${table} WHERE expire <= ? ORDER BY expire LIMIT ${PRUNED})`,
  };
}
