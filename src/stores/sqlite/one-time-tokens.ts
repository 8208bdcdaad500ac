import {
  checkedOneTimeToken,
  checkLookup,
  checkRemoval,
  type NewOneTimeToken,
  type OneTimeToken,
  type OneTimeTokenStore,
} from '../one-time-token-store.js';
import type { SqliteConnection } from './connection.js';

const PRUNED = 100;
const PRUNE_CHANCE = 1 / 20;

type Row = Omit<OneTimeToken, 'data' | 'expiresAt'> & { data: string | null; expires_at: number };

/** A fixed time, for tests. */
interface At {
  now?: Date | undefined;
}

/** The one-time tokens of a `SqliteRefreshTokenStore`. Each purpose, subject and slot has one row. */
export class SqliteOneTimeTokens implements OneTimeTokenStore {
  readonly #connection: SqliteConnection;
  readonly #sql: ReturnType<typeof statements>;

  /** @param table has been checked */
  constructor(connection: SqliteConnection, table: string) {
    this.#connection = connection;
    this.#sql = statements(table);
  }

  async create(token: NewOneTimeToken): Promise<void> {
    const { purpose, subject, slot, hash, data, lifetimeMs, now } = checkedOneTimeToken(token);
    await this.#connection.write(({ run }) => {
      const expiresAt = Math.ceil((now?.getTime() ?? Date.now()) + lifetimeMs);
      run(this.#sql.create, subject, purpose, slot, hash, data ?? null, expiresAt);
      if (Math.random() < PRUNE_CHANCE) run(this.#sql.prune, Date.now());
    });
  }

  find(purpose: string, hash: string, at: At = {}): Promise<OneTimeToken | undefined> {
    return this.#one('read', this.#sql.find, purpose, hash, at);
  }

  take(purpose: string, hash: string, at: At = {}): Promise<OneTimeToken | undefined> {
    return this.#one('write', this.#sql.take, purpose, hash, at);
  }

  async removeAll(
    subject: string,
    { except = [] }: { except?: readonly string[] | undefined } = {},
  ): Promise<number> {
    checkRemoval(subject, except);
    const kept = JSON.stringify(except);
    return this.#connection.write(({ rows }) => {
      const removed = rows<Row>(this.#sql.removeAll, subject, kept);
      const now = Date.now();
      return removed.filter((row) => row.expires_at > now).length;
    });
  }

  async #one(
    kind: 'read' | 'write',
    statement: string,
    purpose: string,
    hash: string,
    { now }: At,
  ): Promise<OneTimeToken | undefined> {
    checkLookup(purpose, hash, now);
    const time = now?.getTime();
    const [row] = await this.#connection[kind](({ rows }) =>
      rows<Row>(statement, purpose, hash, time ?? Date.now()),
    );
    return row && toToken(row);
  }
}

function toToken({ data, expires_at: expiresAt, ...row }: Row): OneTimeToken {
  return { ...row, data: data ?? undefined, expiresAt: new Date(expiresAt) };
}

function statements(table: string) {
  const columns = 'purpose, subject, slot, hash, data, expires_at';
  return {
    /** subject, purpose, slot, hash, data, the time of expiry */
    create: `
      INSERT INTO ${table} (subject, purpose, slot, hash, data, expires_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (subject, purpose, slot) DO UPDATE
        SET hash = excluded.hash, data = excluded.data, expires_at = excluded.expires_at`,
    /** purpose, hash, now */
    find: `SELECT ${columns} FROM ${table} WHERE purpose = ? AND hash = ? AND expires_at > ?`,
    /** purpose, hash, now */
    take: `DELETE FROM ${table} WHERE purpose = ? AND hash = ? AND expires_at > ? RETURNING ${columns}`,
    /** subject, a JSON list of purposes */
    removeAll: `
      DELETE FROM ${table} WHERE subject = ? AND purpose NOT IN (SELECT value FROM json_each(?))
      RETURNING ${columns}`,
    /** now */
    prune: `
      DELETE FROM ${table} WHERE rowid IN (
        SELECT rowid FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ${PRUNED})`,
  };
}
