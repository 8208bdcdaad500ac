import { SESSION_FORMAT } from '../session-format.js';
import type { RedisScript } from './driver.js';
import { clock, keepKeyFor, origins, outbox, PIECE, REVOKED_PIECE, surplus, unpack } from './session-lua.js';

/**
 * The scripts of `RedisRefreshTokenStore`. KEYS[1] is the hash of one user: each field is a session id, and its value is what
 * `packSession` writes. ioredis may send a script again after a reconnect, so each script is safe to run twice. A rotation that
 * runs long after its request timed out writes nothing, because it would look like a reuse.
 */

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
   * share one argument, because each argument costs time; the last four may be empty, and the times are in ms. To raise the session,
   * one more: `authTime amr…`. Returns the outcome (`elsewhere` is the first replay from elsewhere), the packed session, the time
   * and the ids to announce.
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
    local generation, attempt, now, proof = tonumber(generation), ARGV[3] or '', tonumber(now) or time, ARGV[4]
    if session.expiresAt <= now then
      redis.call('HDEL', KEYS[1], ARGV[1])
      return {'unknown', '', '', (unannounced({ARGV[1]}, keepMs))}
    end
    local sameAttempt = attempt ~= '' and attempt == session.attempt
    if proof and sameAttempt then return {'replayed', packed, digits(now)} end
    if generation > session.generation then
      local expiresAt = math.min(now + expiresIn, session.createdAt + maxLifetime)
      local rest = session.rest
      if origin ~= '' or proof then
        local members, amr, rotation, rotator, counted = splitOrigins(rest)
        if origin ~= '' then rotation, rotator = digits(generation), origin end
        if proof then
          local authTime, methods = string.match(proof, '^(%-?%d+) ?(.*)$')
          members, amr = digits(authTime - session.createdAt) .. string.match(members, '\\n.*$'), methods
        end
        rest = joinOrigins(members, amr, rotation, rotator, counted)
      end
      local rotated = table.concat({
        '${SESSION_FORMAT}', digits(generation), digits(now - session.createdAt), digits(expiresAt - session.createdAt), attempt,
        digits(session.createdAt), rest,
      }, '\\n')
      redis.call('HSET', KEYS[1], ARGV[1], rotated)
      keepKeyFor(expiresAt - now)
      return {proof and 'raised' or 'rotated', rotated, digits(now)}
    end
    if proof then return {'outrun', '', digits(now)} end
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

  /**
   * ARGV: how many sessions to return at most (optional). Of more, it returns those used latest in a random sample.
   * Those of another format are left out.
   */
  visaListSessions: onUser(`${clock}${unpack}
    local limit, now, live, flat = tonumber(ARGV[1]), storeTime(), {}, {}
    local few = not limit or redis.call('HLEN', KEYS[1]) <= limit
    local all = few and redis.call('HGETALL', KEYS[1]) or redis.call('HRANDFIELD', KEYS[1], limit + ${PIECE}, 'WITHVALUES')
    for i = 1, #all, 2 do
      local session = unpackSession(all[i + 1])
      if session and session.expiresAt > now then
        live[#live + 1] = { id = all[i], packed = all[i + 1], usedAt = session.rotatedAt }
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
    local now, sample, ids, live = storeTime(), redis.call('HRANDFIELD', KEYS[1], ${REVOKED_PIECE}, 'WITHVALUES'), {}, {}
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

  /** KEYS[1]: the outbox of one user. ARGV: the ids that have been announced. */
  visaEmptyOutbox: onUser(`redis.call('SREM', KEYS[1], unpack(ARGV))`),

  /**
   * KEYS[1]: the log, a stream. ARGV: user id, session ids separated by commas, keepMs. If processes with different lifetimes of
   * access tokens run, the longest counts. Returns the id of the entry.
   */
  visaAnnounceRevocation: onUser(`${clock}
    local keepMs = math.max(tonumber(ARGV[3]), redis.call('PTTL', KEYS[1]))
    local id = redis.call('XADD', KEYS[1], 'MINID', '~', digits(storeTime() - keepMs), '*', 'u', ARGV[1], 's', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], digits(keepMs))
    return id`),
};
