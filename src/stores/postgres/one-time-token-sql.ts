import { asText, createIndex, lockWaitIsBounded, NOW } from './client.js';

/** A row as the statements below return it. */
export interface OneTimeTokenRow {
  purpose: string;
  subject: string;
  slot: string;
  hash: string;
  data: string | null;
  expiresAt: string;
}

const PRUNED_TOKENS = 100;

const COLUMNS = `purpose, subject, slot, hash, data, ${asText.time('expires_at')} AS "expiresAt"`;

/** All SQL of `PostgresOneTimeTokens`. The table name has been checked. Where the time is null, PostgreSQL's clock counts. */
export function oneTimeTokenStatements(table: string) {
  const bounded = lockWaitIsBounded();
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
      ${createIndex(table, 'hash')}
      ${createIndex(table, 'expires_at')}`,

    create: `
      INSERT INTO ${table} (subject, purpose, slot, hash, data, expires_at)
      VALUES ($1, $2, $3, $4, $5,
        coalesce($7::timestamptz, date_trunc('milliseconds', clock_timestamp())) + $6::float8 * interval '1 millisecond')
      ON CONFLICT (subject, purpose, slot) DO UPDATE
        SET hash = excluded.hash, data = excluded.data, expires_at = excluded.expires_at`,

    find: `SELECT ${COLUMNS} FROM ${table} WHERE ${isTheLiveOne}`,

    // The row lock makes parallel calls wait for each other. All but the first then find that the row is gone or has a new hash.
    take: `DELETE FROM ${table} WHERE ${isTheLiveOne} AND ${bounded} RETURNING ${COLUMNS}`,

    removeAll: `
      WITH ended AS (
        DELETE FROM ${table} WHERE subject = $1 AND purpose <> ALL ($2::text[]) AND ${bounded} RETURNING expires_at
      )
      SELECT count(*)::text AS count FROM ended WHERE expires_at > clock_timestamp()`,

    prune: `
      DELETE FROM ${table} WHERE ctid IN (
        SELECT ctid FROM ${table} WHERE expires_at <= ${NOW}
        ORDER BY expires_at LIMIT ${PRUNED_TOKENS} FOR UPDATE SKIP LOCKED)`,
  };
}
