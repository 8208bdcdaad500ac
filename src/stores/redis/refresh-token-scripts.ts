import type { RedisScript } from './client.js';
import { SESSION_FORMAT } from '../session-format.js';

/**
 * The scripts of `RedisRefreshTokenStore`. KEYS[1] is the hash of one user; a field is a session id, its value
 * what `packSession` writes. Each is safe to run twice, because ioredis may send a script again after a reconnect;
 * a rotation that comes long after its request was given up on writes nothing, or it would pass for a reuse.
 */

/** Redis 7 has milliseconds in TIME as well; Lua prints large numbers in exponents unless told otherwise. */
export const clock = `
  local function storeTime()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
  end
  local function digits(n) return string.format('%.0f', n) end`;

/**
 * rotated and expires count from created, in ms. A session of another format is nil: it is left alone, nobody gets in by it,
 * and it counts as live, so that it is called ended when it is.
 */
const unpack = `
  local function unpackSession(packed)
    local generation, rotated, expires, attempt, created, rest =
      string.match(packed, '^${SESSION_FORMAT}\\n(%d+)\\n(%-?%d+)\\n(%-?%d+)\\n([^\\n]*)\\n(%d+)\\n(.*)$')
    if not created then return nil end
    created = tonumber(created)
    return {
      generation = tonumber(generation), rotatedAt = created + rotated, expiresAt = created + expires,
      attempt = attempt, createdAt = created, rest = rest,
    }
  end
  local function isLive(packed, now)
    local session = unpackSession(packed)
    return session == nil or session.expiresAt > now
  end`;

/** The key must outlive its longest session; relative, so that a clock held still in a test works too. */
export const keepKeyFor = `
  local function keepKeyFor(milliseconds)
    local ttl = redis.call('PTTL', KEYS[1])
    if ttl < 0 or ttl < milliseconds then
      redis.call('PEXPIRE', KEYS[1], digits(math.max(milliseconds, 1)))
    end
  end`;

/**
 * KEYS[2] is the user's outbox: sessions that have ended and are not in the log of revocations yet. The log is on another
 * node of a Cluster, so that one script can't write both; whoever gets the ids from here announces them, and if nobody came
 * to that, the next call about this user gets them again. First in the outbox and then gone: a Redis that is out of memory
 * refuses the first, and a script is not undone. A keepMs of 0: nobody follows, nothing is announced.
 */
const outbox = `
  local function putInOutbox(sessionId, keepMs)
    if tonumber(keepMs) == 0 then return end
    redis.call('SADD', KEYS[2], sessionId)
    if redis.call('PTTL', KEYS[2]) < tonumber(keepMs) then redis.call('PEXPIRE', KEYS[2], keepMs) end
  end
  local function unannounced(keepMs)
    if tonumber(keepMs) == 0 then return {} end
    return redis.call('SMEMBERS', KEYS[2])
  end`;

const onUser = (lua: string): RedisScript => ({ numberOfKeys: 1, lua });
const onUserAndOutbox = (lua: string): RedisScript => ({ numberOfKeys: 2, lua });

export const refreshTokenScripts = {
  /** The key says no more than which node of a Cluster is asked. */
  visaStoreTime: onUser(`${clock} return digits(storeTime())`),

  /** ARGV: session id, packed session, its lifetime in ms. Answers the time. Looks at four other sessions and drops those that have run out. */
  visaCreateSession: onUser(`${clock}${unpack}${keepKeyFor}
    local now = storeTime()
    local sample = redis.call('HRANDFIELD', KEYS[1], 4, 'WITHVALUES')
    for i = 1, #sample, 2 do
      local session = unpackSession(sample[i + 1])
      if session and session.expiresAt <= now then redis.call('HDEL', KEYS[1], sample[i]) end
    end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    keepKeyFor(tonumber(ARGV[3]))
    return digits(now)`),

  /**
   * ARGV: session id, generation, `expiresIn maxLifetime reuseWindow keep` in ms, deadline or '', attempt, and now, which may be
   * left out. Few and short, because each argument costs. Answers the outcome, the packed session, the time and what is to be announced.
   */
  visaRotateSession: onUserAndOutbox(`${clock}${unpack}${keepKeyFor}${outbox}
    local time, deadline = storeTime(), tonumber(ARGV[4])
    if deadline and time > deadline then return {'late', '', digits(time)} end
    local expiresIn, maxLifetime, reuseWindow, keepMs = string.match(ARGV[3], '^(%d+) (%d+) (%d+) (%d+)$')
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    if not packed then return {'unknown', '', '', unannounced(keepMs)} end
    local session = unpackSession(packed)
    if not session then return {'unreadable', packed} end
    local generation, attempt = tonumber(ARGV[2]), ARGV[5]
    local now = tonumber(ARGV[6]) or time
    if session.expiresAt <= now then
      redis.call('HDEL', KEYS[1], ARGV[1])
      return {'unknown', '', '', unannounced(keepMs)}
    end
    if generation > session.generation then
      local expiresAt = math.min(now + expiresIn, session.createdAt + maxLifetime)
      local rotated = table.concat({
        '${SESSION_FORMAT}', digits(generation), digits(now - session.createdAt), digits(expiresAt - session.createdAt), attempt,
        digits(session.createdAt), session.rest,
      }, '\\n')
      redis.call('HSET', KEYS[1], ARGV[1], rotated)
      keepKeyFor(expiresAt - now)
      return {'rotated', rotated, digits(now)}
    end
    local sameAttempt = attempt ~= '' and attempt == session.attempt
    if generation == session.generation and (sameAttempt or now - session.rotatedAt <= tonumber(reuseWindow)) then
      return {'replayed', packed, digits(now)}
    end
    putInOutbox(ARGV[1], keepMs)
    redis.call('HDEL', KEYS[1], ARGV[1])
    return {'reused', '', '', unannounced(keepMs)}`),

  /** ARGV: session id. */
  visaFindSession: onUser(`${clock}${unpack}
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    return packed and isLive(packed, storeTime()) and packed`),

  visaListSessions: onUser(`${clock}${unpack}
    local now, all, live = storeTime(), redis.call('HGETALL', KEYS[1]), {}
    for i = 1, #all, 2 do
      if isLive(all[i + 1], now) then
        live[#live + 1] = all[i]
        live[#live + 1] = all[i + 1]
      end
    end
    return live`),

  /** ARGV: session id, keepMs. Answers whether it was live, and what is to be announced. */
  visaRevokeSession: onUserAndOutbox(`${clock}${unpack}${outbox}
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    if packed then
      putInOutbox(ARGV[1], ARGV[2])
      redis.call('HDEL', KEYS[1], ARGV[1])
    end
    return {packed and isLive(packed, storeTime()) and 1 or 0, unannounced(ARGV[2])}`),

  /** ARGV: the session id to keep, or '', and keepMs. Answers the live ones that ended, and what is to be announced. */
  visaRevokeSessions: onUserAndOutbox(`${clock}${unpack}${outbox}
    local now, all, ended = storeTime(), redis.call('HGETALL', KEYS[1]), {}
    for i = 1, #all, 2 do
      if all[i] ~= ARGV[1] then
        putInOutbox(all[i], ARGV[2])
        redis.call('HDEL', KEYS[1], all[i])
        if isLive(all[i + 1], now) then ended[#ended + 1] = all[i] end
      end
    end
    return {ended, unannounced(ARGV[2])}`),

  /**
   * KEYS[1]: the log, a stream. ARGV: user id, session ids with commas between them, keepMs. While processes with another
   * lifetime of access tokens run, the longest counts.
   */
  visaAnnounceRevocation: onUser(`${clock}
    local keepMs = math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[1]))
    redis.call('XADD', KEYS[1], 'MINID', '~', digits(storeTime() - keepMs), '*', 'u', ARGV[1], 's', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], digits(keepMs))`),
};
