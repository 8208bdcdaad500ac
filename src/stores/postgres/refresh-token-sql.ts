import { asText, lockWaitIsBounded, NOW } from './client.js';
import { refreshTokenSchema } from './refresh-token-schema.js';
import { SESSION_FORMAT } from '../session-format.js';

const { list, time, value } = asText;

/** A row as the statements below return it: texts, for `readText`. */
export interface SessionRow {
  format: string;
  sessionId: string;
  userId: string;
  generation: string;
  attempt: string | null;
  rotatedAt: string;
  createdAt: string;
  authTime: string;
  expiresAt: string;
  amr: string | null;
  remember: string;
  ip: string | null;
  userAgent: string | null;
}

/** How many expired sessions a login deletes, at most. It is a small number because the login waits for it. */
const PRUNED_PER_LOGIN = 10;
/** How many sessions one statement ends at most, on top of what `limits.sessions` allows. */
const PIECE = 500;
const PRUNED_ATTEMPTS = 100;
const PRUNED_REVOCATIONS = 1000;
/** How many revocations one statement reads at most. */
export const REVOCATIONS_READ = 1000;

const STORED_COLUMNS =
  'format, id, user_id, generation, attempt, rotated_at, created_at, auth_time, amr, expires_at, remember, ip, user_agent';

const columnsOf = (alias: string) =>
  `${value(`${alias}.format`)} AS format, ${alias}.id AS "sessionId", ${alias}.user_id AS "userId",
   ${value(`${alias}.generation`)} AS generation, ${alias}.attempt, ${list(`${alias}.amr`)} AS amr,
   ${value(`${alias}.remember`)} AS remember, ${alias}.ip, ${alias}.user_agent AS "userAgent",
   ${time(`${alias}.rotated_at`)} AS "rotatedAt", ${time(`${alias}.created_at`)} AS "createdAt",
   ${time(`${alias}.auth_time`)} AS "authTime", ${time(`${alias}.expires_at`)} AS "expiresAt"`;

/**
 * All SQL of `PostgresRefreshTokenStore`. All names have been checked.
 *
 * A statement that ends sessions also logs them and sends a notification, which says only that there is something to read. The
 * parameter `keepForSeconds` is how long access tokens are valid; null if this store has no follower, and then nothing is logged.
 */
export function refreshTokenStatements(table: string, attemptsTable: string, revocationsTable: string) {
  const bounded = lockWaitIsBounded();
  const byteOrder = 'user_id COLLATE "C", session_id COLLATE "C"';
  // If processes with different lifetimes of access tokens run, the longest counts.
  const log = (rows: string, keepForSeconds: string) => `
    INSERT INTO ${revocationsTable} (user_id, session_id, keep_for, keep_until)
    SELECT user_id, id, keep_for, clock_timestamp() + keep_for * interval '1 second'
    FROM ${rows} CROSS JOIN (
      SELECT greatest(${keepForSeconds}::float8,
        (SELECT keep_for FROM ${revocationsTable} ORDER BY written_by DESC LIMIT 1)) AS keep_for
    ) AS longest
    WHERE ${keepForSeconds}::float8 IS NOT NULL`;
  const notify = (when: string) => `CASE WHEN ${when} THEN pg_notify('${revocationsTable}', '') END`;

  const pruneSessions = `
        DELETE FROM ${table} WHERE id IN (
          SELECT id FROM ${table} WHERE expires_at <= ${NOW}
          ORDER BY expires_at LIMIT ${PRUNED_PER_LOGIN} FOR UPDATE SKIP LOCKED)`;
  const insertSession = `
      INSERT INTO ${table} (id, user_id, created_at, rotated_at, auth_time, expires_at, remember, ip, user_agent, amr, format)
      VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, ${SESSION_FORMAT})`;
  /**
   * Ends the sessions of the user that `others` selects, beyond the number `kept`. It looks at some of them only, in no order,
   * because sorting thousands takes long. A session that is among those used latest of all is among those of every sample, so it
   * never ends. The order is the same for all parallel logins. It skips locked rows: it must not wait while it has locks itself.
   */
  const endSurplus = (others: string, kept: string, keepForSeconds: string) => `
    sample AS MATERIALIZED (
      SELECT id, rotated_at, expires_at FROM ${table} WHERE ${others} LIMIT ${kept} + ${PIECE}
    ), surplus AS MATERIALIZED (
      SELECT id FROM sample ORDER BY expires_at > ${NOW} DESC, rotated_at DESC, id OFFSET ${kept}
    ), unlocked AS MATERIALIZED (
      SELECT id FROM ${table} WHERE id IN (SELECT id FROM surplus) FOR UPDATE SKIP LOCKED
    ), ended AS (
      DELETE FROM ${table} WHERE id IN (SELECT id FROM unlocked) RETURNING user_id, id, expires_at
    ), logged AS (${log('ended', keepForSeconds)}
    )`;
  /** `id` is null where no session ended; `found` says whether there were any to end. */
  const endedRows = (keepForSeconds: string) => `
    SELECT ended.id, ${value('ended.expires_at > clock_timestamp()')} AS live, ${value('EXISTS (SELECT FROM surplus)')} AS found,
      ${notify(`ended.id IS NOT NULL AND ${keepForSeconds}::float8 IS NOT NULL`)}
    FROM (VALUES (1)) AS one LEFT JOIN ended ON true`;

  return {
    schema: refreshTokenSchema(table, attemptsTable, revocationsTable),

    time: `SELECT ${time('clock_timestamp()')} AS now`,

    create: `
      WITH pruned_sessions AS (${pruneSessions}
      )
      ${insertSession}`,

    // A parallel login isn't visible in its snapshot yet. So each login also runs `endSurplus` afterwards: the last one sees all.
    createWithin: `
      WITH pruned_sessions AS (${pruneSessions}
      ), created AS (${insertSession}
      ), ${endSurplus('user_id = $2 AND id <> $1', '($10::int - 1)', '$11')}
      ${endedRows('$11')}`,

    endSurplus: `WITH ${endSurplus('user_id = $1', '$2::int', '$3')} ${endedRows('$3')}`,

    // A count that reaches zero expires at once, so the next attempt starts a new window.
    takeBackAttempt: `
      UPDATE ${attemptsTable} SET points = points - 1, expire = CASE WHEN points > 1 THEN expire ELSE 0 END
      WHERE key = $1 AND points > 0 AND ${bounded}`,

    hasAttempts: `
      SELECT 1 FROM ${attemptsTable}
      WHERE key = $1 AND points > 0 AND expire > (extract(epoch FROM clock_timestamp()) * 1000)::bigint`,

    // `expire` comes from the clocks of the processes, which may be a minute behind.
    pruneAttempts: `
      DELETE FROM ${attemptsTable} WHERE key IN (
        SELECT key FROM ${attemptsTable}
        WHERE expire <= (SELECT ((extract(epoch FROM clock_timestamp()) - 60) * 1000)::bigint)
        ORDER BY expire LIMIT ${PRUNED_ATTEMPTS} FOR UPDATE SKIP LOCKED)`,

    // The row lock makes parallel calls wait for each other, and each reads what the one before has written. $13 and $14 raise the session.
    rotate: `
      WITH locked AS (
        SELECT * FROM ${table} WHERE id = $2 AND user_id = $1 AND ${bounded} FOR UPDATE
      ), timed AS (
        SELECT locked.*, coalesce($8::timestamptz, date_trunc('milliseconds', clock_timestamp())) AS now,
          $3::bigint = generation AND origin_generation = generation AND origin <> $11::text
            AND (attempt = nullif($4::text, '')) IS NOT TRUE
            AND elsewhere_generation IS DISTINCT FROM generation AS is_elsewhere,
          CASE WHEN elsewhere_generation = generation - 1 THEN elsewhere_count + 1 ELSE 1 END AS new_count
        FROM locked
      ), decided AS (
        SELECT timed.*, CASE
          WHEN extract(epoch FROM clock_timestamp()) * 1000 > $10::float8 THEN 'late'
          WHEN format <> ${SESSION_FORMAT} THEN 'unreadable'
          WHEN expires_at <= now THEN 'unknown'
          WHEN $13::timestamptz IS NOT NULL AND attempt = nullif($4::text, '') THEN 'replayed'
          WHEN $3::bigint > generation THEN 'rotated'
          WHEN $13::timestamptz IS NOT NULL THEN 'outrun'
          WHEN $3::bigint < generation OR
            ((attempt = nullif($4::text, '')) IS NOT TRUE AND now - rotated_at > $7::float8 * interval '1 second') THEN 'reused'
          WHEN is_elsewhere IS NOT TRUE THEN 'replayed'
          WHEN new_count >= $12::integer THEN 'reused'
          WHEN elsewhere_generation IS NULL THEN 'first elsewhere'
          ELSE 'elsewhere'
        END AS outcome FROM timed
      ), written AS (
        -- In a replay from elsewhere the generation is as it was.
        UPDATE ${table} AS stored SET
          generation = $3::bigint,
          rotated_at = CASE outcome WHEN 'rotated' THEN decided.now ELSE stored.rotated_at END,
          attempt = CASE outcome WHEN 'rotated' THEN nullif($4::text, '') ELSE stored.attempt END,
          origin = CASE outcome WHEN 'rotated' THEN $11::text ELSE stored.origin END,
          origin_generation = $3::bigint,
          elsewhere_generation = CASE outcome WHEN 'rotated' THEN stored.elsewhere_generation ELSE $3::bigint END,
          elsewhere_count = CASE outcome WHEN 'rotated' THEN stored.elsewhere_count ELSE new_count END,
          auth_time = coalesce($13::timestamptz, stored.auth_time),
          amr = CASE WHEN $13::timestamptz IS NULL THEN stored.amr ELSE $14::text[] END,
          expires_at = CASE outcome WHEN 'rotated' THEN
            least(decided.now + $5::float8 * interval '1 second', decided.created_at + $6::float8 * interval '1 second')
            ELSE stored.expires_at END
        FROM decided WHERE stored.id = decided.id AND decided.outcome IN ('rotated', 'first elsewhere', 'elsewhere')
        RETURNING stored.*
      ), ended AS (
        DELETE FROM ${table} AS stored USING decided
        WHERE stored.id = decided.id AND decided.outcome IN ('reused', 'unknown')
        RETURNING stored.user_id, stored.id
      ), logged AS (${log('ended', '$9')}
      )
      SELECT ${notify("decided.outcome IN ('reused', 'unknown') AND $9::float8 IS NOT NULL")}, decided.outcome, ${time('decided.now')} AS now,
        ${columnsOf('current')}
      FROM decided CROSS JOIN LATERAL (
        SELECT ${STORED_COLUMNS} FROM written
        UNION ALL
        SELECT ${STORED_COLUMNS} FROM locked
        WHERE decided.outcome NOT IN ('rotated', 'first elsewhere', 'elsewhere')
      ) AS current`,

    find: `
      SELECT ${columnsOf('stored')} FROM ${table} AS stored
      WHERE user_id = $1 AND id = $2 AND expires_at > clock_timestamp()`,

    // Of more than the limit, those used latest among some: sorting thousands takes long. Without those of another format.
    list: `
      SELECT ${columnsOf('stored')} FROM (
        SELECT * FROM ${table} WHERE user_id = $1 AND format = ${SESSION_FORMAT} AND expires_at > clock_timestamp() LIMIT $2::int + ${PIECE}
      ) AS stored
      ORDER BY stored.rotated_at DESC LIMIT $2::int`,

    revoke: `
      WITH ended AS (
        DELETE FROM ${table} WHERE user_id = $1 AND id = $2 AND ${bounded} RETURNING user_id, id, expires_at
      ), logged AS (${log('ended', '$3')}
      )
      SELECT id, ${value('expires_at > clock_timestamp()')} AS live, ${notify('$3::float8 IS NOT NULL')} FROM ended`,

    // One piece: it is repeated until there is none.
    revokeAll: `
      WITH piece AS MATERIALIZED (
        SELECT id FROM ${table} WHERE user_id = $1 AND id IS DISTINCT FROM $2::text AND ${bounded} LIMIT ${PIECE} FOR UPDATE
      ), ended AS (
        DELETE FROM ${table} WHERE id IN (SELECT id FROM piece) RETURNING user_id, id, expires_at
      ), logged AS (${log('ended', '$3')}
      )
      SELECT id, ${value('expires_at > clock_timestamp()')} AS live, ${notify('$3::float8 IS NOT NULL')} FROM ended`,

    announce: `
      WITH ended AS (SELECT $1::text AS user_id, unnest($2::text[]) AS id), logged AS (${log('ended', '$3')}
      )
      SELECT ${notify('$3::float8 IS NOT NULL')}`,

    pruneRevocations: `
      DELETE FROM ${revocationsTable} WHERE ctid IN (
        SELECT ctid FROM ${revocationsTable} WHERE keep_until <= ${NOW}
        ORDER BY keep_until LIMIT ${PRUNED_REVOCATIONS} FOR UPDATE SKIP LOCKED)`,

    /**
     * The position is the snapshot of the last read. A row is new if it was not visible in that snapshot. Serial numbers would
     * not do: a transaction that commits late would be skipped. $2 to $5 are the last row of the piece before
     * and the snapshot of the first piece, or null: what was written since the first piece is new after it.
     */
    readRevocations: `
      SELECT pg_current_snapshot()::text AS position, logged.*
      FROM (VALUES (1)) AS one LEFT JOIN (
        SELECT written_by::text AS "writtenBy", user_id AS "userId", session_id AS "sessionId" FROM ${revocationsTable}
        WHERE written_by >= greatest(pg_snapshot_xmin($1::text::pg_snapshot), coalesce($2::text, '0')::xid8)
          AND NOT pg_visible_in_snapshot(written_by, $1::text::pg_snapshot)
          AND ($2::text IS NULL OR (written_by, ${byteOrder}) > ($2::text::xid8, $3::text, $4::text))
          AND ($5::text IS NULL OR pg_visible_in_snapshot(written_by, $5::text::pg_snapshot))
          AND keep_until > clock_timestamp()
        ORDER BY written_by, ${byteOrder} LIMIT ${REVOCATIONS_READ}
      ) AS logged ON true
      ORDER BY "writtenBy"::xid8, "userId" COLLATE "C", "sessionId" COLLATE "C"`,
  };
}
