/**
 * The session format of this package's first version, and the script and statements with which an old process still works on it. A
 * release that can't run beside such a process needs a new format; docs/upgrading.md says how.
 */

/** A session in Redis: the version and nine more lines. The generation is 3. */
export function firstSession(times: { createdAt: number; lastRotation: number; USER_AGENT: string }): string {
  const { createdAt, lastRotation, USER_AGENT } = times;
  const rotatedAfter = lastRotation - createdAt;
  return `1\n3\n${rotatedAfter}\n${rotatedAfter + 10_800_000}\n\n${createdAt}\n0\n0\n192.0.2.7\n${USER_AGENT}`;
}

/** KEYS: the user's hash. ARGV: session id, generation, attempt, expiresIn, maxLifetime, reuseWindow (all ms), now or ''. */
export const FIRST_ROTATION = `
  local function storeTime()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
  end
  local function digits(n) return string.format('%.0f', n) end
  local function unpackSession(packed)
    local generation, rotated, expires, attempt, created, rest =
      string.match(packed, '^1\\n(%d+)\\n(%-?%d+)\\n(%-?%d+)\\n([^\\n]*)\\n(%d+)\\n(.*)$')
    if not created then return nil end
    created = tonumber(created)
    return {
      generation = tonumber(generation), rotatedAt = created + rotated, expiresAt = created + expires,
      attempt = attempt, createdAt = created, rest = rest,
    }
  end
  local function keepKeyFor(milliseconds)
    if redis.call('PTTL', KEYS[1]) < milliseconds then
      redis.call('PEXPIRE', KEYS[1], digits(math.max(milliseconds, 1)))
    end
  end
  local packed = redis.call('HGET', KEYS[1], ARGV[1])
  local session = packed and unpackSession(packed)
  if not session then return {'unknown'} end
  local generation, attempt = tonumber(ARGV[2]), ARGV[3]
  local now = tonumber(ARGV[7]) or storeTime()
  if session.expiresAt <= now then
    redis.call('HDEL', KEYS[1], ARGV[1])
    return {'unknown'}
  end
  if generation > session.generation then
    local expiresAt = math.min(now + ARGV[4], session.createdAt + ARGV[5])
    local rotated = table.concat({
      '1', digits(generation), digits(now - session.createdAt), digits(expiresAt - session.createdAt), attempt,
      digits(session.createdAt), session.rest,
    }, '\\n')
    redis.call('HSET', KEYS[1], ARGV[1], rotated)
    keepKeyFor(expiresAt - now)
    return {'rotated', rotated, digits(now)}
  end
  local sameAttempt = attempt ~= '' and attempt == session.attempt
  if generation == session.generation and (sameAttempt or now - session.rotatedAt <= tonumber(ARGV[6])) then
    return {'replayed', packed, digits(now)}
  end
  redis.call('HDEL', KEYS[1], ARGV[1])
  return {'reused'}`;

export const FIRST_SCHEMA = `
  CREATE TABLE visa_refresh_tokens (
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
  CREATE INDEX visa_refresh_tokens_user_id ON visa_refresh_tokens (user_id);
  CREATE INDEX visa_refresh_tokens_expires_at ON visa_refresh_tokens (expires_at);
  CREATE TABLE visa_attempts (
    key    varchar(255) PRIMARY KEY,
    points integer NOT NULL DEFAULT 0,
    expire bigint
  );
  CREATE INDEX visa_attempts_expire ON visa_attempts (expire);`;

export const firstCreate = `
  INSERT INTO visa_refresh_tokens (id, user_id, created_at, rotated_at, auth_time, expires_at, remember, ip, user_agent)
  VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8)`;

const columns = `
  current.id, current.user_id, current.generation::float8 AS generation, current.attempt, current.remember, current.ip, current.user_agent`;
const stored =
  'id, user_id, generation, attempt, rotated_at, created_at, auth_time, expires_at, remember, ip, user_agent';

export const firstFind = `
  SELECT ${columns} FROM visa_refresh_tokens AS current
  WHERE user_id = $1 AND id = $2 AND expires_at > clock_timestamp()`;

export const firstRotate = `
  WITH locked AS (
    SELECT * FROM visa_refresh_tokens WHERE id = $2 AND user_id = $1 FOR UPDATE
  ), timed AS (
    SELECT locked.*, coalesce($8::timestamptz, date_trunc('milliseconds', clock_timestamp())) AS now FROM locked
  ), decided AS (
    SELECT timed.*, CASE
      WHEN expires_at <= now THEN 'unknown'
      WHEN $3::bigint > generation THEN 'rotated'
      WHEN $3::bigint = generation
        AND (attempt = nullif($4::text, '') OR now - rotated_at <= $7::integer * interval '1 second') THEN 'replayed'
      ELSE 'reused'
    END AS outcome FROM timed
  ), rotated AS (
    UPDATE visa_refresh_tokens AS stored SET
      generation = $3::bigint,
      rotated_at = decided.now,
      attempt = nullif($4::text, ''),
      expires_at = least(decided.now + $5::integer * interval '1 second',
                         decided.created_at + $6::integer * interval '1 second')
    FROM decided WHERE stored.id = decided.id AND decided.outcome = 'rotated'
    RETURNING stored.*
  ), ended AS (
    DELETE FROM visa_refresh_tokens AS stored USING decided
    WHERE stored.id = decided.id AND decided.outcome IN ('reused', 'unknown')
  )
  SELECT decided.outcome, ${columns}
  FROM decided CROSS JOIN LATERAL (
    SELECT ${stored} FROM rotated
    UNION ALL
    SELECT ${stored} FROM locked WHERE decided.outcome <> 'rotated'
  ) AS current`;
