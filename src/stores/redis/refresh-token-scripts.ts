import type { RedisScript } from './client.js';
import { SESSION_FORMAT } from '../session-format.js';

/**
 * The scripts of `RedisRefreshTokenStore`. KEYS[1] is the hash of one user: each field is a session id, and its value is what
 * `packSession` writes. ioredis may send a script again after a reconnect, so each script is safe to run twice. A rotation that
 * runs long after its request timed out writes nothing, because it would look like a reuse.
 */

/**
 * How many sessions one script ends at most, on top of what `limits.sessions` allows. Redis serves no one else meanwhile, and Lua's
 * `unpack` has a limit too.
 */
const PIECE = 200;

/** TIME returns seconds and microseconds. `digits` is needed because Lua prints large numbers with an exponent. */
export const clock = `
  local function storeTime()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
  end
  local function digits(n) return string.format('%.0f', n) end`;

/**
 * `rotated` and `expires` are milliseconds after `created`. A session of another format is nil: it isn't changed, and it lets no
 * one in. It counts as live, so it is reported as ended when it is revoked.
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

/**
 * The last line of a session: `generation origin counted count`. `origin` is where the rotation to `generation` came from. Of a
 * row of `count` generations that were replayed from elsewhere, `counted` is the last; both are missing before the first. A release
 * that doesn't know this line copies it, so it may be of an older generation.
 */
const origins = `
  local function splitOrigins(rest)
    return string.match(rest, '^([^\\n]*\\n[^\\n]*\\n[^\\n]*\\n[^\\n]*)\\n?([^\\n]*)\\n?(%d*) ?(%S*)(.*)$')
  end
  local function joinOrigins(members, amr, generation, origin, counted)
    return members .. '\\n' .. amr .. '\\n' .. generation .. ' ' .. origin .. counted
  end`;

/** The key must live as long as its longest session. A relative time also works with the fixed clock of a test. */
export const keepKeyFor = `
  local function keepKeyFor(milliseconds)
    local ttl = redis.call('PTTL', KEYS[1])
    if ttl < 0 or ttl < milliseconds then
      redis.call('PEXPIRE', KEYS[1], digits(math.max(milliseconds, 1)))
    end
  end`;

/**
 * KEYS[2] is the user's outbox: sessions that have ended but are not in the log of revocations yet. On a Cluster the log may be
 * on another node, so one script can't write both. The caller that gets the ids from here announces them; if it fails to, the
 * next call for this user gets them again. A session is put into the outbox before it is deleted: if Redis is out of memory, it
 * refuses the first step, and what a script has done is not rolled back. A keepMs of 0 means that no process follows the log, so
 * nothing is announced. A piece of the outbox is enough for one script, together with the sessions that this call is about.
 */
const outbox = `
  local function endSessions(sessionIds, keepMs)
    if #sessionIds == 0 then return end
    if tonumber(keepMs) ~= 0 then
      redis.call('SADD', KEYS[2], unpack(sessionIds))
      if redis.call('PTTL', KEYS[2]) < tonumber(keepMs) then redis.call('PEXPIRE', KEYS[2], keepMs) end
    end
    redis.call('HDEL', KEYS[1], unpack(sessionIds))
  end
  local function unannounced(sessionIds, keepMs)
    if tonumber(keepMs) == 0 then return {}, false end
    local piece = redis.call('SRANDMEMBER', KEYS[2], ${PIECE})
    if #piece < ${PIECE} then return piece, false end
    for _, id in ipairs(sessionIds) do piece[#piece + 1] = id end
    return piece, true
  end`;

/**
 * Ends the sessions of the user beyond `max`, without touching the one with the id `keptId`, which counts as one of them. It looks
 * at a random sample. A session that is among the `max` used latest of all is among those of every sample, so it never ends.
 */
const surplus = `
  local function endSurplus(keptId, max, keepMs, now)
    if redis.call('HLEN', KEYS[1]) - (redis.call('HGET', KEYS[1], keptId) and 1 or 0) < max then return {} end
    local sample = redis.call('HRANDFIELD', KEYS[1], max + ${PIECE}, 'WITHVALUES')
    local live, expired, ended = {}, {}, {}
    for i = 1, #sample, 2 do
      local id, session = sample[i], unpackSession(sample[i + 1])
      if id ~= keptId then
        if session and session.expiresAt <= now then expired[#expired + 1] = id
        else live[#live + 1] = { id = id, usedAt = session and session.rotatedAt or now } end
      end
    end
    if #expired > 0 then redis.call('HDEL', KEYS[1], unpack(expired)) end
    table.sort(live, function(a, b) return a.usedAt > b.usedAt end)
    for i = max, #live do ended[#ended + 1] = live[i].id end
    endSessions(ended, keepMs)
    return ended
  end`;

const onUser = (lua: string): RedisScript => ({ numberOfKeys: 1, lua });
const onUserAndOutbox = (lua: string): RedisScript => ({ numberOfKeys: 2, lua });

export const refreshTokenScripts = {
  /** The key only decides which node of a Cluster is asked. */
  visaStoreTime: onUser(`${clock} return digits(storeTime())`),

  /**
   * ARGV: session id, packed session, its lifetime in ms, keepMs, how many sessions the user may have (optional). Without such a
   * limit, it looks at four random sessions of the user and deletes those that have expired. Returns the time, the sessions that
   * ended, the ids to announce, and whether there are more to end or to announce.
   */
  visaCreateSession: onUserAndOutbox(`${clock}${unpack}${keepKeyFor}${outbox}${surplus}
    local now, max, ended = storeTime(), tonumber(ARGV[5]), {}
    if max then
      ended = endSurplus(ARGV[1], max, ARGV[4], now)
    else
      local sample = redis.call('HRANDFIELD', KEYS[1], 4, 'WITHVALUES')
      for i = 1, #sample, 2 do
        local session = unpackSession(sample[i + 1])
        if session and session.expiresAt <= now then redis.call('HDEL', KEYS[1], sample[i]) end
      end
    end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    keepKeyFor(tonumber(ARGV[3]))
    local piece, isPartial = unannounced(ended, ARGV[4])
    local isMore = max and (isPartial or redis.call('HLEN', KEYS[1]) > max)
    return {digits(now), ended, piece, isMore and 1 or 0}`),

  /** ARGV: the session id to keep, how many sessions the user may have, keepMs. Returns the same as visaCreateSession. */
  visaEndSurplus: onUserAndOutbox(`${clock}${unpack}${outbox}${surplus}
    local now, max = storeTime(), tonumber(ARGV[2])
    local ended = endSurplus(ARGV[1], max, ARGV[3], now)
    local piece, isPartial = unannounced(ended, ARGV[3])
    local isMore = isPartial or redis.call('HLEN', KEYS[1]) > max
    return {digits(now), ended, piece, isMore and 1 or 0}`),

  /**
   * ARGV: session id, `generation expiresIn maxLifetime reuseWindow keep deadline now maxElsewhere origin`, attempt (optional). They
   * share one argument, because each argument costs time; the last four may be empty, and the times are in ms. Returns the outcome
   * (`elsewhere` is the first replay from elsewhere), the packed session, the time and the ids to announce.
   */
  visaRotateSession: onUserAndOutbox(`${clock}${unpack}${origins}${keepKeyFor}${outbox}
    local generation, expiresIn, maxLifetime, reuseWindow, keepMs, deadline, now, maxElsewhere, origin =
      string.match(ARGV[2], '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d*) (%-?%d*) (%d*) (%S*)$')
    local time, deadline = storeTime(), tonumber(deadline)
    if deadline and time > deadline then return {'late', '', digits(time)} end
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    if not packed then return {'unknown', '', '', (unannounced({ARGV[1]}, keepMs))} end
    local session = unpackSession(packed)
    if not session then return {'unreadable', packed} end
    local generation, attempt, now = tonumber(generation), ARGV[3] or '', tonumber(now) or time
    if session.expiresAt <= now then
      redis.call('HDEL', KEYS[1], ARGV[1])
      return {'unknown', '', '', (unannounced({ARGV[1]}, keepMs))}
    end
    if generation > session.generation then
      local expiresAt = math.min(now + expiresIn, session.createdAt + maxLifetime)
      local rest = session.rest
      if origin ~= '' then
        local members, amr, _, _, counted = splitOrigins(rest)
        rest = joinOrigins(members, amr, digits(generation), origin, counted)
      end
      local rotated = table.concat({
        '${SESSION_FORMAT}', digits(generation), digits(now - session.createdAt), digits(expiresAt - session.createdAt), attempt,
        digits(session.createdAt), rest,
      }, '\\n')
      redis.call('HSET', KEYS[1], ARGV[1], rotated)
      keepKeyFor(expiresAt - now)
      return {'rotated', rotated, digits(now)}
    end
    local sameAttempt = attempt ~= '' and attempt == session.attempt
    if generation == session.generation and (sameAttempt or now - session.rotatedAt <= tonumber(reuseWindow)) then
      local members, amr, rotation, rotator, rest = splitOrigins(session.rest)
      local counted, count = string.match(rest, '^ (%d+) (%d+)$')
      if sameAttempt or origin == '' or tonumber(rotation) ~= generation or rotator == origin or tonumber(counted) == generation then
        return {'replayed', packed, digits(now)}
      end
      count = tonumber(counted) == generation - 1 and count + 1 or 1
      if count < (tonumber(maxElsewhere) or math.huge) then
        local line = joinOrigins(members, amr, rotation, rotator, ' ' .. rotation .. ' ' .. digits(count))
        redis.call('HSET', KEYS[1], ARGV[1], string.sub(packed, 1, #packed - #session.rest) .. line)
        return {counted and 'replayed' or 'elsewhere', packed, digits(now)}
      end
    end
    endSessions({ARGV[1]}, keepMs)
    return {'reused', '', '', (unannounced({ARGV[1]}, keepMs))}`),

  /** ARGV: session id. */
  visaFindSession: onUser(`${clock}${unpack}
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    return packed and isLive(packed, storeTime()) and packed`),

  /** ARGV: how many sessions to return at most (optional). Of more, it returns those used latest in a random sample. */
  visaListSessions: onUser(`${clock}${unpack}
    local limit, now, live, flat = tonumber(ARGV[1]), storeTime(), {}, {}
    local few = not limit or redis.call('HLEN', KEYS[1]) <= limit
    local all = few and redis.call('HGETALL', KEYS[1]) or redis.call('HRANDFIELD', KEYS[1], limit + ${PIECE}, 'WITHVALUES')
    for i = 1, #all, 2 do
      local session = unpackSession(all[i + 1])
      if not session or session.expiresAt > now then
        live[#live + 1] = { id = all[i], packed = all[i + 1], usedAt = session and session.rotatedAt or now }
      end
    end
    if not few then table.sort(live, function(a, b) return a.usedAt > b.usedAt end) end
    for i = 1, math.min(#live, limit or #live) do
      flat[#flat + 1] = live[i].id
      flat[#flat + 1] = live[i].packed
    end
    return flat`),

  /** ARGV: session id, keepMs. Returns whether the session was live, and the ids to announce. */
  visaRevokeSession: onUserAndOutbox(`${clock}${unpack}${outbox}
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    if packed then endSessions({ARGV[1]}, ARGV[2]) end
    return {packed and isLive(packed, storeTime()) and 1 or 0, (unannounced({ARGV[1]}, ARGV[2]))}`),

  /**
   * ARGV: the session id to keep or '', keepMs. Returns the time, the live sessions that ended, the ids to announce, and whether
   * there are more to end or to announce.
   */
  visaRevokeSessions: onUserAndOutbox(`${clock}${unpack}${outbox}
    local now, sample, ids, live = storeTime(), redis.call('HRANDFIELD', KEYS[1], ${PIECE}, 'WITHVALUES'), {}, {}
    for i = 1, #sample, 2 do
      if sample[i] ~= ARGV[1] then
        ids[#ids + 1] = sample[i]
        if isLive(sample[i + 1], now) then live[#live + 1] = sample[i] end
      end
    end
    endSessions(ids, ARGV[2])
    local piece, isPartial = unannounced(ids, ARGV[2])
    local kept = redis.call('HGET', KEYS[1], ARGV[1]) and 1 or 0
    local isMore = isPartial or redis.call('HLEN', KEYS[1]) > kept
    return {digits(now), live, piece, isMore and 1 or 0}`),

  /**
   * KEYS[1]: the log, a stream. ARGV: user id, session ids separated by commas, keepMs. If processes with different lifetimes of
   * access tokens run, the longest counts.
   */
  visaAnnounceRevocation: onUser(`${clock}
    local keepMs = math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[1]))
    redis.call('XADD', KEYS[1], 'MINID', '~', digits(storeTime() - keepMs), '*', 'u', ARGV[1], 's', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], digits(keepMs))`),
};
