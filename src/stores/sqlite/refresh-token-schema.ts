/** The names of the tables of `SqliteRefreshTokenStore`. All have been checked. */
export type SessionTables = Record<
  'table' | 'attemptsTable' | 'revocationsTable' | 'oneTimeTokensTable',
  string
>;

/** The tables of `SqliteRefreshTokenStore`. Times are milliseconds since 1970. */
export function refreshTokenSchema(names: SessionTables): string {
  const { table, attemptsTable, revocationsTable, oneTimeTokensTable } = names;
  return `
  CREATE TABLE IF NOT EXISTS ${table} (
    id         TEXT PRIMARY KEY,
    format     INTEGER NOT NULL,
    user_id    TEXT NOT NULL,
    generation INTEGER NOT NULL,
    attempt    TEXT,
    rotated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    auth_time  INTEGER NOT NULL,
    amr        TEXT,
    expires_at INTEGER NOT NULL,
    remember   INTEGER NOT NULL,
    ip         TEXT,
    user_agent TEXT,
    -- Who rotated to the generation, and the generations in a row that were replayed from elsewhere: the last, and how many.
    origin               TEXT,
    elsewhere_generation INTEGER,
    elsewhere_count      INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${table}_user_id ON ${table} (user_id, rotated_at);
  CREATE INDEX IF NOT EXISTS ${table}_expires_at ON ${table} (expires_at);
  CREATE TABLE IF NOT EXISTS ${attemptsTable} (
    key    TEXT PRIMARY KEY,
    points INTEGER NOT NULL,
    expire INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${attemptsTable}_expire ON ${attemptsTable} (expire);
  -- AUTOINCREMENT: a number never comes back, so a reader that knows the last one it read misses nothing.
  CREATE TABLE IF NOT EXISTS ${revocationsTable} (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    TEXT NOT NULL,
    session_id TEXT NOT NULL,
    keep_for   REAL NOT NULL,
    keep_until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${revocationsTable}_keep_until ON ${revocationsTable} (keep_until);
  CREATE TABLE IF NOT EXISTS ${oneTimeTokensTable} (
    subject    TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    slot       TEXT NOT NULL,
    hash       TEXT NOT NULL,
    data       TEXT,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (subject, purpose, slot)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS ${oneTimeTokensTable}_hash ON ${oneTimeTokensTable} (hash);
  CREATE INDEX IF NOT EXISTS ${oneTimeTokensTable}_expires_at ON ${oneTimeTokensTable} (expires_at);`;
}
