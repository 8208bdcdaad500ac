import { SESSION_FORMAT } from '../session-format.js';

/** How many expired sessions a login deletes, at most. It is a small number because the login waits for it. */
const PRUNED_PER_LOGIN = 10;
/** How many sessions one transaction ends at most. It takes a few milliseconds, and meanwhile the process does nothing else. */
export const PIECE = 500;

const COLUMNS = [
  ...['id', 'format', 'user_id', 'generation', 'attempt', 'rotated_at', 'created_at', 'auth_time', 'amr'],
  ...['expires_at', 'remember', 'ip', 'user_agent', 'origin', 'elsewhere_generation', 'elsewhere_count'],
];
const [, , , ...CHANGED_BY_ROTATION] = COLUMNS;

/** The statements about sessions. Parameters named `now` are milliseconds since 1970. The table name has been checked. */
export function sessionStatements(table: string) {
  const columns = COLUMNS.join(', ');
  return {
    /** now */
    prune: `
      DELETE FROM ${table} WHERE id IN (
        SELECT id FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ${PRUNED_PER_LOGIN})`,

    /** The columns of a row, in the order of `rowOf`. */
    insert: `INSERT INTO ${table} (${columns}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,

    /** The columns of a row without `id`, `format` and `user_id`; id */
    update: `UPDATE ${table} SET ${CHANGED_BY_ROTATION.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,

    /** id, user id, now */
    find: `SELECT ${columns} FROM ${table} WHERE id = ? AND user_id = ? AND expires_at > ?`,

    /** user id, now, limit; -1 is no limit. Without those of another format. */
    list: `
      SELECT ${columns} FROM ${table} WHERE user_id = ? AND expires_at > ? AND format = ${SESSION_FORMAT}
      ORDER BY rotated_at DESC LIMIT ?`,

    /** id, user id */
    end: `DELETE FROM ${table} WHERE id = ? AND user_id = ? RETURNING id, expires_at`,

    /** One piece. user id, the id that stays (or '') */
    endAll: `
      DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE user_id = ? AND id <> ? LIMIT ${PIECE})
      RETURNING id, expires_at`,

    /** One piece of the expired sessions of a user. user id, now */
    endExpired: `
      DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE user_id = ? AND expires_at <= ? LIMIT ${PIECE})`,

    /** One piece of what a user has too many. user id, the id of the new session, how many others stay */
    endSurplus: `
      DELETE FROM ${table} WHERE id IN (
        SELECT id FROM ${table} WHERE user_id = ? AND id <> ? ORDER BY rotated_at DESC LIMIT ${PIECE} OFFSET ?)
      RETURNING id, expires_at`,
  };
}

export type SessionStatements = ReturnType<typeof sessionStatements>;
