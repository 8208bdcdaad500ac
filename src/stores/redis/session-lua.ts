import { SESSION_FORMAT } from '../session-format.js';

/** What the scripts about sessions have in common: functions in Lua, one text for each idea. */

/**
 * How many sessions one script ends at most, on top of what `limits.sessions` allows. Redis serves no one else meanwhile, and Lua's
 * `unpack` has a limit too.
 */
export const PIECE = 200;

/** The same where all sessions of a user end: Redis takes about 2 ms, and other processes learn of them after fewer round trips. */
export const REVOKED_PIECE = 1000;

/** TIME returns seconds and microseconds. `digits` is needed because Lua prints large numbers with an exponent. */
export const clock = `
  local function storeTime()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
  end
  local function digits(n) return string.format('%.0f', n) end`;

/**
 * `rotated` and `expires` are milliseconds after `created`. A session of another format is nil: it isn't changed, and it lets no
 * one in. It counts as live, so it is reported as ended when it is revoked; and as not used for the longest time, so it never ends
 * sessions that can be read.
 */
export const unpack = `
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
export const origins = `
  local function splitOrigins(rest)
    return string.match(rest, '^([^\\n]*\\n[^\\n]*\\n[^\\n]*\\n[^\\n]*)\\n?([^\\n]*)\\n?(%d*) ?(%S*)(.*)$')
  end
  local function joinOrigins(members, amr, generation, origin, counted)
    if generation == '' then return members .. '\\n' .. amr end
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
 * nothing is announced. A piece of the outbox is enough for one script, beside the sessions that this call is about.
 */
export const outbox = `
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
    local most = #sessionIds + ${PIECE}
    local piece = redis.call('SRANDMEMBER', KEYS[2], most)
    if #piece < most then return piece, false end
    for _, id in ipairs(sessionIds) do piece[#piece + 1] = id end
    return piece, true
  end`;

/**
 * Ends the sessions of the user beyond `max`, without touching the one with the id `keptId`, which counts as one of them. It looks
 * at a random sample. A session that is among the `max` used latest of all is among those of every sample, so it never ends.
 */
export const surplus = `
  local function endSurplus(keptId, max, keepMs, now)
    if redis.call('HLEN', KEYS[1]) - (redis.call('HGET', KEYS[1], keptId) and 1 or 0) < max then return {} end
    local sample = redis.call('HRANDFIELD', KEYS[1], max + ${PIECE}, 'WITHVALUES')
    local live, expired, ended = {}, {}, {}
    for i = 1, #sample, 2 do
      local id, session = sample[i], unpackSession(sample[i + 1])
      if id ~= keptId then
        if session and session.expiresAt <= now then expired[#expired + 1] = id
        else live[#live + 1] = { id = id, usedAt = session and session.rotatedAt or 0 } end
      end
    end
    if #expired > 0 then redis.call('HDEL', KEYS[1], unpack(expired)) end
    table.sort(live, function(a, b) return a.usedAt > b.usedAt end)
    for i = max, #live do ended[#ended + 1] = live[i].id end
    endSessions(ended, keepMs)
    return ended
  end`;
