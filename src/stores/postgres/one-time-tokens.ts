import {
  checkedOneTimeToken,
  checkLookup,
  checkRemoval,
  type NewOneTimeToken,
  type OneTimeToken,
  type OneTimeTokenStore,
} from '../one-time-token-store.js';
import { readText, type BoundedPostgres } from './client.js';
import type { oneTimeTokenStatements, OneTimeTokenRow } from './one-time-token-sql.js';
import { pruneNowAndThen } from './prune-now-and-then.js';

/**
 * The one-time tokens of a `PostgresRefreshTokenStore`. Each purpose, subject and slot has one row; each method is one statement.
 */
export class PostgresOneTimeTokens implements OneTimeTokenStore {
  readonly #postgres: BoundedPostgres;
  readonly #sql: ReturnType<typeof oneTimeTokenStatements>;

  constructor(postgres: BoundedPostgres, sql: ReturnType<typeof oneTimeTokenStatements>) {
    this.#postgres = postgres;
    this.#sql = sql;
  }

  async create(token: NewOneTimeToken): Promise<void> {
    const { purpose, subject, slot, hash, data, lifetimeMs, now } = checkedOneTimeToken(token);
    pruneNowAndThen(this.#postgres, this.#sql.prune);
    const values = [subject, purpose, slot, hash, data ?? null, lifetimeMs, now ?? null];
    await this.#postgres.query(this.#sql.create, values);
  }

  find(
    purpose: string,
    hash: string,
    options: { now?: Date | undefined } = {},
  ): Promise<OneTimeToken | undefined> {
    return this.#lookUp(this.#sql.find, purpose, hash, options.now);
  }

  take(
    purpose: string,
    hash: string,
    options: { now?: Date | undefined } = {},
  ): Promise<OneTimeToken | undefined> {
    return this.#lookUp(this.#sql.take, purpose, hash, options.now);
  }

  async removeAll(
    subject: string,
    { except = [] }: { except?: readonly string[] | undefined } = {},
  ): Promise<number> {
    checkRemoval(subject, except);
    const about = [subject, ...except];
    const [ended] = await this.#postgres.lookUp<{ count: string }>(about, this.#sql.removeAll, [
      subject,
      except,
    ]);
    return Number(ended?.count ?? 0);
  }

  async #lookUp(
    statement: string,
    purpose: string,
    hash: string,
    now: Date | undefined,
  ): Promise<OneTimeToken | undefined> {
    checkLookup(purpose, hash, now);
    const values = [purpose, hash, now ?? null];
    const [row] = await this.#postgres.lookUp<OneTimeTokenRow>([purpose, hash], statement, values);
    if (!row) return undefined;
    return { ...row, data: row.data ?? undefined, expiresAt: readText.time(row.expiresAt) };
  }
}
