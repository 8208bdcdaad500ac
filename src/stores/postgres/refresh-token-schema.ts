import { createIndex } from './client.js';

/** The tables of `PostgresRefreshTokenStore`, as statements of a `migration`. All names have been checked. */
export function refreshTokenSchema(table: string, attemptsTable: string, revocationsTable: string): string {
  return `
  CREATE TABLE IF NOT EXISTS ${table} (
    id         text PRIMARY KEY,
    user_id    text NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    attempt    text,
    rotated_at timestamptz(3) NOT NULL,
    created_at timestamptz(3) NOT NULL,
    auth_time  timestamptz(3) NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    remember   boolean NOT NULL,
    ip         text,
    user_agent text
  );
  -- Asked first: ALTER TABLE waits for every query on the table, and lets none past while it waits.
  IF NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = 'amr' AND NOT attisdropped
  ) THEN
    ALTER TABLE ${table} ADD COLUMN amr text[];
  END IF;
  -- The default is what processes write that know no format yet.
  IF NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = 'format' AND NOT attisdropped
  ) THEN
    ALTER TABLE ${table} ADD COLUMN format smallint NOT NULL DEFAULT 1;
  END IF;
  -- Who rotated to which generation, and the generations in a row that were replayed from elsewhere: the last, and how many.
  IF NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = 'elsewhere_count' AND NOT attisdropped
  ) THEN
    ALTER TABLE ${table} ADD COLUMN origin text;
    ALTER TABLE ${table} ADD COLUMN origin_generation bigint;
    ALTER TABLE ${table} ADD COLUMN elsewhere_generation bigint;
    ALTER TABLE ${table} ADD COLUMN elsewhere_count integer;
  END IF;
  ${createIndex(table, 'user_id')}
  ${createIndex(table, 'expires_at')}
  CREATE TABLE IF NOT EXISTS ${attemptsTable} (
    key    varchar(255) PRIMARY KEY,
    points integer NOT NULL DEFAULT 0,
    expire bigint
  );
  ${createIndex(attemptsTable, 'expire')}
  CREATE TABLE IF NOT EXISTS ${revocationsTable} (
    user_id    text NOT NULL,
    session_id text NOT NULL,
    keep_for   float8 NOT NULL DEFAULT 0,
    keep_until timestamptz NOT NULL,
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id()
  );
  ${createIndex(revocationsTable, 'written_by')}
  ${createIndex(revocationsTable, 'keep_until')}`;
}
