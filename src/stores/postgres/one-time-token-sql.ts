import { indexName } from './client.js';

/** A row as the statements below return it: `expires_at` is milliseconds since 1970, alike in pg and PGlite. */
export interface OneTimeTokenRow {
  purpose: string;
  subject: string;
  slot: string;
  hash: string;
  data: string | null;
  expires_at: number;
}

const PRUNED_TOKENS = 100;

/** In brackets PostgreSQL evaluates it once for a statement. Without them it would for each row, and could use no index. */
const NOW = '(SELECT clock_timestamp())';

const COLUMNS =
  'purpose, subject, slot, hash, data, round(extract(epoch FROM expires_at) * 1000)::float8 AS expires_at';

/**
 * The whole SQL of `PostgresOneTimeTokens`. The name of the table has been checked. Where a time is null, the clock of
 * PostgreSQL counts.
 */
export function oneTimeTokenStatements(table: string) {
  const isTheLiveOne = `hash = $2 AND purpose = $1 AND expires_at > coalesce($3::timestamptz, clock_timestamp())`;

  return {
    schema: `
      CREATE TABLE IF NOT EXISTS ${table} (
        subject    text NOT NULL,
        purpose    text NOT NULL,
        slot       text NOT NULL,
        hash       text NOT NULL,
        data       text,
        expires_at timestamptz(3) NOT NULL,
        PRIMARY KEY (subject, purpose, slot)
      );
      CREATE INDEX IF NOT EXISTS ${indexName(table, 'hash')} ON ${table} (hash);
      CREATE INDEX IF NOT EXISTS ${indexName(table, 'expires_at')} ON ${table} (expires_at);`,

    create: `
      INSERT INTO ${table} (subject, purpose, slot, hash, data, expires_at)
      VALUES ($1, $2, $3, $4, $5,
        coalesce($7::timestamptz, date_trunc('milliseconds', clock_timestamp())) + $6::float8 * interval '1 millisecond')
      ON CONFLICT (subject, purpose, slot) DO UPDATE
        SET hash = excluded.hash, data = excluded.data, expires_at = excluded.expires_at`,

    find: `SELECT ${COLUMNS} FROM ${table} WHERE ${isTheLiveOne}`,

    // The row lock makes parallel calls queue up. All but the first find that the row is gone, or has another hash by now.
    take: `DELETE FROM ${table} WHERE ${isTheLiveOne} RETURNING ${COLUMNS}`,

    removeAll: `
      WITH ended AS (
        DELETE FROM ${table} WHERE subject = $1 AND purpose <> ALL ($2::text[]) RETURNING expires_at
      )
      SELECT count(*)::integer AS count FROM ended WHERE expires_at > clock_timestamp()`,

    prune: `
      DELETE FROM ${table} WHERE ctid IN (
        SELECT ctid FROM ${table} WHERE expires_at <= ${NOW}
        ORDER BY expires_at LIMIT ${PRUNED_TOKENS} FOR UPDATE SKIP LOCKED)`,
  };
}
