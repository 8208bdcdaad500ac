import { createHash } from 'node:crypto';
import {
  checkedCredential,
  checkedRemoval,
  type Credential,
  type CredentialStore,
  type NewCredential,
  type RemoveCredentialsOptions,
} from '../credential-store.js';
import { asText, createIndex, lockWaitIsBounded, readText, type BoundedPostgres } from './client.js';

/** A row as the statements return it. */
type CredentialRow = Omit<Credential, 'createdAt'> & { createdAt: string };

const COLUMNS = `user_id AS "userId", kind, id, data, ${asText.time('created_at')} AS "createdAt"`;

/**
 * The condition that finds a credential. It compares a digest, because an id can have 3,072 bytes, which is more than an index
 * accepts as a key.
 */
const KEY = `kind = $1 AND id_digest = sha256(convert_to($2, 'UTF8'))`;

/** The SQL of `PostgresCredentialStore`. All names have been checked. */
export function credentialStatements(table: string, usersTable: string) {
  const bounded = lockWaitIsBounded();
  return {
    // The collation "C" compares byte for byte, whatever the collation of the database is.
    schema: `
      CREATE TABLE IF NOT EXISTS ${table} (
        user_id    text NOT NULL REFERENCES ${usersTable} (id) ON DELETE CASCADE,
        kind       text COLLATE "C" NOT NULL,
        id         text COLLATE "C" NOT NULL,
        id_digest  bytea NOT NULL,
        data       text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (kind, id_digest)
      );
      ${createIndex(table, 'user_id')}`,

    list: `
      SELECT ${COLUMNS} FROM ${table}
      WHERE user_id = $1 AND ($2::text IS NULL OR kind = $2) ORDER BY created_at`,

    find: `SELECT ${COLUMNS} FROM ${table} WHERE ${KEY}`,

    // Because of the lock, this waits for a transaction that is deleting the user, and then finds no user.
    add: `
      INSERT INTO ${table} (kind, id, id_digest, user_id, data)
      SELECT $1, $2, sha256(convert_to($2, 'UTF8')), id, $4 FROM ${usersTable} WHERE id = $3 AND ${bounded} FOR KEY SHARE
      ON CONFLICT (kind, id_digest) DO NOTHING RETURNING kind`,

    replace: `UPDATE ${table} SET data = $5 WHERE ${KEY} AND user_id = $3 AND data = $4 AND ${bounded} RETURNING kind`,

    remove: `DELETE FROM ${table} WHERE ${KEY} AND user_id = $3 AND ${bounded} RETURNING kind`,

    removeAll: `
      WITH removed AS (
        DELETE FROM ${table}
        WHERE user_id = $1 AND ($2::text[] IS NULL OR kind = ANY ($2)) AND encode(id_digest, 'hex') <> ALL ($3::text[]) AND ${bounded}
        RETURNING kind
      )
      SELECT count(*)::text AS count FROM removed`,
  };
}

/** The credentials of a `PostgresUserStore`. Each operation is one statement. */
export class PostgresCredentialStore implements CredentialStore {
  readonly #postgres: BoundedPostgres;
  readonly #sql: ReturnType<typeof credentialStatements>;

  constructor(postgres: BoundedPostgres, table: string, usersTable: string) {
    this.#postgres = postgres;
    this.#sql = credentialStatements(table, usersTable);
  }

  /** The table and index that the user store's migration creates. */
  get schema(): string {
    return this.#sql.schema.trim();
  }

  async list(userId: string, kind?: string): Promise<Credential[]> {
    checkedCredential({ userId, ...(kind !== undefined && { kind }) });
    const rows = await this.#postgres.lookUp<CredentialRow>([userId, kind], this.#sql.list, [
      userId,
      kind ?? null,
    ]);
    return rows.map(toCredential);
  }

  async find(kind: string, id: string): Promise<Credential | undefined> {
    checkedCredential({ kind, id });
    const [row] = await this.#postgres.lookUp<CredentialRow>([kind, id], this.#sql.find, [kind, id]);
    return row && toCredential(row);
  }

  async add({ userId, kind, id, data }: NewCredential): Promise<boolean> {
    checkedCredential({ userId, kind, id, data });
    return this.#hasRow([userId], this.#sql.add, [kind, id, userId, data]);
  }

  async replace({ userId, kind, id, data: previous }: NewCredential, data: string): Promise<boolean> {
    checkedCredential({ userId, kind, id, data: previous });
    checkedCredential({ data });
    const about = [kind, id, userId, previous];
    return this.#hasRow(about, this.#sql.replace, [...about, data]);
  }

  async remove(userId: string, kind: string, id: string): Promise<boolean> {
    checkedCredential({ userId, kind, id });
    const values = [kind, id, userId];
    return this.#hasRow(values, this.#sql.remove, values);
  }

  async removeAll(userId: string, options?: RemoveCredentialsOptions): Promise<number> {
    checkedCredential({ userId });
    const { kinds = null, except } = checkedRemoval(options);
    const digests = except.map((id) => createHash('sha256').update(id).digest('hex'));
    const about = [userId, ...(kinds ?? [])];
    const values = [userId, kinds, digests];
    const [row] = await this.#postgres.lookUp<{ count: string }>(about, this.#sql.removeAll, values);
    return Number(row?.count ?? 0);
  }

  async #hasRow(about: readonly unknown[], statement: string, values: unknown[]): Promise<boolean> {
    return (await this.#postgres.lookUp(about, statement, values)).length > 0;
  }
}

function toCredential({ userId, kind, id, data, createdAt }: CredentialRow): Credential {
  return { userId, kind, id, data, createdAt: readText.time(createdAt) };
}
