import { createIndex, lockWaitIsBounded } from './client.js';

/**
 * The SQL for the identities of `PostgresUserStore`. All names have been checked.
 * @param columns of a user: the names as stored, and the texts that a statement returns
 */
export function identityStatements(
  table: string,
  usersTable: string,
  columns: { stored: string; read: string },
) {
  return {
    schema: `
      CREATE TABLE IF NOT EXISTS ${table} (
        issuer  text NOT NULL,
        subject text NOT NULL,
        user_id text NOT NULL REFERENCES ${usersTable} (id) ON DELETE CASCADE,
        PRIMARY KEY (issuer, subject)
      );
      ${createIndex(table, 'user_id')}`,

    findUser: `
      SELECT ${columns.read} FROM ${usersTable}
      WHERE id = (SELECT user_id FROM ${table} WHERE issuer = $1 AND subject = $2)`,

    // One statement, because there must never be a user without the identity or an identity without the user.
    createUser: `
      WITH created AS (
        INSERT INTO ${usersTable} (username, username_key, roles) VALUES ($1, $2, $3) RETURNING ${columns.stored}
      ), linked AS (
        INSERT INTO ${table} (issuer, subject, user_id) SELECT $4, $5, id FROM created
      )
      SELECT ${columns.read} FROM created`,

    link: `
      INSERT INTO ${table} AS kept (issuer, subject, user_id)
      SELECT $1, $2, id FROM ${usersTable} WHERE id = $3 AND ${lockWaitIsBounded()}
      ON CONFLICT (issuer, subject) DO UPDATE SET user_id = kept.user_id WHERE kept.user_id = excluded.user_id
      RETURNING user_id`,

    unlink: `DELETE FROM ${table} WHERE issuer = $1 AND subject = $2 AND user_id = $3 AND ${lockWaitIsBounded()} RETURNING user_id`,

    list: `SELECT issuer, subject FROM ${table} WHERE user_id = $1`,
  };
}
