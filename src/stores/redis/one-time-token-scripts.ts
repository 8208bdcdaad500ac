import type { RedisScript } from './driver.js';
import { clock, keepKeyFor } from './session-lua.js';

/**
 * The scripts of `RedisOneTimeTokens`. A subject's tokens are one hash, on one node of a Cluster. The name of a field is made
 * of a purpose and a slot (`fieldOf`). Its value has four lines: the version of the format; the hash of the token; its expiry, in
 * ms since 1970; and `=` followed by the data, or an empty line if there is no data. The data may contain line breaks.
 *
 * ioredis sends a script again if the connection breaks before the answer, so each script is safe to run twice.
 */

/** A value of another format has no hash here, so no call finds it. It stays until its subject's key expires. */
const unpack = `
  local function unpackToken(packed)
    local hash, expiresAt = string.match(packed or '', '^1\\n([^\\n]*)\\n(%-?%d+)\\n')
    return hash, tonumber(expiresAt)
  end
  local function findLive(field, wantedHash, now)
    local packed = redis.call('HGET', KEYS[1], field)
    local hash, expiresAt = unpackToken(packed)
    return hash == wantedHash and expiresAt > now and packed
  end`;

/** How long a call that is sent again still gets its token. A call takes a second at most. */
const REMEMBER_TAKEN_MS = 2000;

const onOneKey = (lua: string): RedisScript => ({ numberOfKeys: 1, lua });

export const oneTimeTokenScripts = {
  /** KEYS[1]: the index of a hash. ARGV: subject, slot, time to live in ms. Returns the time. */
  visaIndexToken: onOneKey(`${clock}
    redis.call('HSET', KEYS[1], 'subject', ARGV[1], 'slot', ARGV[2])
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return digits(storeTime())`),

  /**
   * Returns the subject ('' if there is none), the slot and the time. This is a script because a Cluster client may send a plain
   * HGET to a replica, which may not have the index yet.
   */
  visaLocateToken: onOneKey(`${clock}
    local subject = redis.call('HGET', KEYS[1], 'subject') or ''
    return {subject, redis.call('HGET', KEYS[1], 'slot') or '', digits(storeTime())}`),

  /**
   * ARGV: field, hash, last line, lifetime in ms, now or '', deadline. Also looks at four random tokens of the subject and
   * deletes those that have expired. Returns `late` and the time if the deadline has passed.
   */
  visaCreateToken: onOneKey(`${clock}${keepKeyFor}${unpack}
    local time = storeTime()
    if time > tonumber(ARGV[6]) then return {'late', digits(time)} end
    local now, lifetime = tonumber(ARGV[5]) or time, tonumber(ARGV[4])
    local sample = redis.call('HRANDFIELD', KEYS[1], 4, 'WITHVALUES')
    for i = 1, #sample, 2 do
      local _, expiresAt = unpackToken(sample[i + 1])
      if expiresAt and expiresAt <= math.min(now, time) then redis.call('HDEL', KEYS[1], sample[i]) end
    end
    redis.call('HSET', KEYS[1], ARGV[1], table.concat({'1', ARGV[2], digits(now + lifetime), ARGV[3]}, '\\n'))
    keepKeyFor(lifetime)
    return {'done'}`),

  /** ARGV: field, hash, now or ''. Returns the value. */
  visaFindToken: onOneKey(`${clock}${unpack}
    return findLive(ARGV[1], ARGV[2], tonumber(ARGV[3]) or storeTime())`),

  /**
   * KEYS[2] keeps what this call has taken, in case ioredis sends the call again. Without it, a connection that breaks before the
   * answer would cost the user a valid token, because the second run would find it gone. The key contains a random id of this
   * call, so no other call can get the token from it. It is written before the token is deleted: if Redis is out of memory, it
   * refuses that write, and the token is still there.
   *
   * ARGV: field, hash, now or '', deadline. Returns the value, or `late` and the time.
   */
  visaTakeToken: {
    numberOfKeys: 2,
    lua: `${clock}${unpack}
    local taken = redis.call('HGET', KEYS[2], 'token')
    if taken then return {'done', taken} end
    local time = storeTime()
    if time > tonumber(ARGV[4]) then return {'late', digits(time)} end
    local packed = findLive(ARGV[1], ARGV[2], tonumber(ARGV[3]) or time)
    if packed then
      redis.call('HSET', KEYS[2], 'token', packed)
      redis.call('PEXPIRE', KEYS[2], ${REMEMBER_TAKEN_MS})
      redis.call('HDEL', KEYS[1], ARGV[1])
    end
    return {'done', packed}`,
  } satisfies RedisScript,

  /**
   * ARGV: the purposes to keep, encoded, and the deadline. Answers how many live tokens ended, or `late` and the time. Run twice, it
   * answers 0 the second time.
   */
  visaRemoveTokens: onOneKey(`${clock}${unpack}
    local now, all, kept, ended = storeTime(), redis.call('HGETALL', KEYS[1]), {}, 0
    if now > tonumber(ARGV[#ARGV]) then return {'late', digits(now)} end
    for i = 1, #ARGV - 1 do kept[ARGV[i]] = true end
    for i = 1, #all, 2 do
      if not kept[string.match(all[i], '^[^:]*')] then
        local _, expiresAt = unpackToken(all[i + 1])
        if not expiresAt or expiresAt > now then ended = ended + 1 end
        redis.call('HDEL', KEYS[1], all[i])
      end
    end
    return {'done', digits(ended)}`),
};
