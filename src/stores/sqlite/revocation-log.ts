import { followLog, pause, type RevocationReader } from '../follow-log.js';
import type { Revocation, RevocationFeed, RevocationFollower } from '../revocation-feed.js';
import type { SqliteConnection } from './connection.js';
import type { Statements } from './transactions.js';

/** How often the log is read. A read that finds nothing takes some microseconds, like a look at `PRAGMA data_version`. */
const READ_EVERY_MS = 200;
/** How many revocations one transaction reads at most. */
const READ_AT_ONCE = 1000;
/** How many expired ones a transaction that ends sessions deletes, now and then. */
const PRUNED = 1000;
const PRUNE_CHANCE = 1 / 20;

interface RevocationRow {
  number: number;
  user_id: string;
  session_id: string;
}

/** The table of the latest revocations, which the followers of all processes read. */
export class RevocationLog {
  readonly #connection: SqliteConnection;
  readonly #sql: ReturnType<typeof statements>;
  /** How long a revocation stays; undefined while this store has no follower, and then it logs nothing. */
  #keepForSeconds: number | undefined;

  /** @param table has been checked */
  constructor(connection: SqliteConnection, table: string) {
    this.#connection = connection;
    this.#sql = statements(table);
  }

  /** Logs sessions in the transaction that ends them. */
  add({ rows, run }: Statements, userId: string, sessionIds: readonly string[]): void {
    if (this.#keepForSeconds === undefined || sessionIds.length === 0) return;
    // If processes with different lifetimes of access tokens run, the longest counts.
    const [last] = rows<{ keep_for: number }>(this.#sql.last);
    const keepFor = Math.max(this.#keepForSeconds, last?.keep_for ?? 0);
    const keepUntil = Math.ceil(Date.now() + keepFor * 1000);
    for (const sessionId of sessionIds) run(this.#sql.add, userId, sessionId, keepFor, keepUntil);
    if (Math.random() < PRUNE_CHANCE) run(this.#sql.prune, Date.now());
  }

  follow(follower: RevocationFollower): RevocationFeed {
    this.#keepForSeconds = Math.max(this.#keepForSeconds ?? 0, follower.keepForSeconds);
    return {
      announce: ({ userId, sessionIds }) =>
        this.#connection.write((inside) => this.add(inside, userId, sessionIds)),
      close: followLog(() => this.#reader(), follower),
    };
  }

  #reader(): RevocationReader {
    return {
      read: async (position = '0') => {
        const logged = await this.#connection.read(({ rows }) =>
          rows<RevocationRow>(this.#sql.read, Number(position), Date.now()),
        );
        return {
          revocations: logged.map(toRevocation),
          position: String(logged.at(-1)?.number ?? position),
          more: logged.length === READ_AT_ONCE,
        };
      },
      wait: () => pause(READ_EVERY_MS),
      close: () => undefined,
    };
  }
}

function toRevocation(row: RevocationRow): Revocation {
  return { userId: row.user_id, sessionIds: [row.session_id] };
}

function statements(table: string) {
  return {
    last: `SELECT keep_for FROM ${table} WHERE number = (SELECT max(number) FROM ${table})`,
    /** user id, session id, seconds, milliseconds since 1970 */
    add: `INSERT INTO ${table} (user_id, session_id, keep_for, keep_until) VALUES (?, ?, ?, ?)`,
    /** the last number that was read, now */
    read: `
      SELECT number, user_id, session_id FROM ${table} WHERE number > ? AND keep_until > ?
      ORDER BY number LIMIT ${READ_AT_ONCE}`,
    /** now */
    prune: `
      DELETE FROM ${table} WHERE number IN (
        SELECT number FROM ${table} WHERE keep_until <= ? ORDER BY keep_until LIMIT ${PRUNED})`,
  };
}
