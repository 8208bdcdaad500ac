/**
 * The scripts of `RedisRefreshTokenStore`. KEYS[1] is the hash of one user; a field is a session id, its value
 * what `packSession` writes. Each is safe to run twice, because ioredis may send a script again after a reconnect;
 * a rotation that comes long after its request was given up on writes nothing, or it would pass for a reuse.
 */

/** Redis 7 has milliseconds in TIME as well; Lua prints large numbers in exponents unless told otherwise. */
const clock = `
  local function storeTime()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
  end
  local function digits(n) return string.format('%.0f', n) end`;

/** rotated and expires count from created, in ms. A session of another format is nil: it is left alone, and nobody gets in by it. */
const unpack = `
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
  local function isLive(packed, now)
    local session = unpackSession(packed)
    return session ~= nil and session.expiresAt > now
  end`;

/** The key must outlive its longest session; relative, so that a clock held still in a test works too. */
const keepKeyFor = `
  local function keepKeyFor(milliseconds)
    local ttl = redis.call('PTTL', KEYS[1])
    if ttl < 0 or ttl < milliseconds then
      redis.call('PEXPIRE', KEYS[1], digits(math.max(milliseconds, 1)))
    end
  end`;

export const refreshTokenScripts = {
  /** ARGV: session id, packed session, its lifetime in ms. Answers the time. Looks at four other sessions and drops those that have run out. */
  visaCreateSession: `${clock}${unpack}${keepKeyFor}
    local now = storeTime()
    local sample = redis.call('HRANDFIELD', KEYS[1], 4, 'WITHVALUES')
    for i = 1, #sample, 2 do
      local session = unpackSession(sample[i + 1])
      if session and session.expiresAt <= now then redis.call('HDEL', KEYS[1], sample[i]) end
    end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    keepKeyFor(tonumber(ARGV[3]))
    return digits(now)`,

  /** ARGV: session id, generation, attempt, expiresIn, maxLifetime, reuseWindow (all ms), now or '', deadline or ''. */
  visaRotateSession: `${clock}${unpack}${keepKeyFor}
    local deadline = tonumber(ARGV[8])
    if deadline and storeTime() > deadline then return {'late', '', digits(storeTime())} end
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
    return {'reused'}`,

  /** ARGV: session id. */
  visaFindSession: `${clock}${unpack}
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    return packed and isLive(packed, storeTime()) and packed`,

  visaListSessions: `${clock}${unpack}
    local now, all, live = storeTime(), redis.call('HGETALL', KEYS[1]), {}
    for i = 1, #all, 2 do
      if isLive(all[i + 1], now) then
        live[#live + 1] = all[i]
        live[#live + 1] = all[i + 1]
      end
    end
    return live`,

  /** ARGV: session id. */
  visaRevokeSession: `${clock}${unpack}
    local packed = redis.call('HGET', KEYS[1], ARGV[1])
    if not packed then return 0 end
    redis.call('HDEL', KEYS[1], ARGV[1])
    return isLive(packed, storeTime()) and 1 or 0`,

  /** ARGV: the session id to keep, or ''. */
  visaRevokeSessions: `${clock}${unpack}
    local now, all, ended = storeTime(), redis.call('HGETALL', KEYS[1]), {}
    for i = 1, #all, 2 do
      if all[i] ~= ARGV[1] then
        redis.call('HDEL', KEYS[1], all[i])
        if isLive(all[i + 1], now) then ended[#ended + 1] = all[i] end
      end
    end
    return ended`,
};
