import { checkedKeyPrefix, DEFAULT_KEY_PREFIX } from '../../stores/redis/keys.js';
import { asUsageError, reasonOf } from '../describe-error.js';
import { setting } from '../environment.js';
import { RefusedCommand, withRedis, type RedisConnection } from '../redis.js';
import { judgeClock, measureClock } from './check-clock.js';
import { compareVersions } from './check-environment.js';
import { connectionFailure, findingsAbout, type Finding } from './finding.js';
import { checkRedisPermissions } from './check-redis-permissions.js';

const OLDEST_SUPPORTED = '6.2';
const { ok, warn, fail } = findingsAbout('redis');

/** @param keyPrefix of the app's RedisRefreshTokenStore */
export async function checkRedis(keyPrefix = DEFAULT_KEY_PREFIX): Promise<Finding[]> {
  const prefix = asUsageError(() => checkedKeyPrefix(keyPrefix));
  if (setting('REDIS_URL') === undefined)
    return [ok('REDIS_URL is not set: sessions are taken to live in the database')];
  try {
    return await withRedis(async (redis) => [
      ...(await checkServer(redis)),
      await checkClock(redis),
      await checkRedisPermissions(redis, prefix),
    ]);
  } catch (error) {
    return [connectionFailure('redis', 'REDIS_URL', error)];
  }
}

async function checkServer(redis: RedisConnection): Promise<Finding[]> {
  const info = await readInfo(redis);
  if (!info)
    return [
      warn(
        "version, eviction and persistence can't be read: the user may not give INFO",
        'look yourself: 6.2 or newer, maxmemory-policy noeviction, appendonly yes',
      ),
    ];
  return [judgeVersion(info), judgeEviction(info), judgePersistence(info, await readSave(redis))];
}

/** The lines of the answer to INFO, by name. */
export type RedisInfo = Readonly<Record<string, string>>;

export function judgeVersion({ redis_version: version = '' }: RedisInfo): Finding {
  if (compareVersions(version, OLDEST_SUPPORTED) >= 0) return ok(`Redis ${version}`);
  return fail(`Redis ${version} is too old`, `upgrade to ${OLDEST_SUPPORTED} or newer`);
}

/** The volatile policies are no better than the others: every key of the store has a time to live. */
export function judgeEviction({ maxmemory_policy: policy, maxmemory }: RedisInfo): Finding {
  const cure = 'set maxmemory-policy noeviction, or logins vanish when memory runs short';
  if (policy === undefined) return warn("maxmemory-policy can't be read", `look yourself: ${cure}`);
  if (policy === 'noeviction') return ok('maxmemory-policy is noeviction');
  const message = `maxmemory-policy is ${policy}`;
  return maxmemory === '0'
    ? warn(`${message}, which counts as soon as maxmemory is set`, cure)
    : fail(message, cure);
}

/** @param save the answer to `CONFIG GET save`: empty without snapshots, undefined when it can't be read */
export function judgePersistence(info: RedisInfo, save: string | undefined): Finding {
  const cure = 'set appendonly yes and appendfsync everysec';
  if (info['aof_enabled'] === undefined) return warn("persistence can't be read", `look yourself: ${cure}`);
  if (info['aof_enabled'] === '1') return ok('appendonly is yes');
  if (save) return warn('it keeps snapshots only: a crash loses minutes of logins and sign-outs', cure);
  if (save === undefined)
    return warn("appendonly is no, and whether there are snapshots can't be read", cure);
  if (Number(info['connected_slaves']) > 0)
    return warn('it keeps nothing on disk: replicas alone hold what a crash would lose', cure);
  return fail(
    'it keeps nothing on disk: a restart ends all sessions, and forgets which had been ended',
    cure,
  );
}

async function checkClock(redis: RedisConnection): Promise<Finding> {
  try {
    const ahead = await measureClock(async () => {
      const [seconds, microseconds] = (await redis.send('TIME')) as string[];
      return Number(seconds) * 1000 + Number(microseconds) / 1000;
    });
    return judgeClock('redis', ahead);
  } catch (error) {
    return fail(`its clock can't be read: ${reasonOf(error)}`, 'ACL SETUSER <user> +time');
  }
}

async function readInfo(redis: RedisConnection): Promise<RedisInfo | undefined> {
  const text = (await unlessForbidden(redis.send('INFO'))) as string | undefined;
  if (text === undefined) return undefined;
  const lines = String(text)
    .split(/\r?\n/)
    .map((line) => line.split(':', 2));
  return Object.fromEntries(lines.map(([name = '', value = '']) => [name, value]));
}

/** Undefined when CONFIG is forbidden or unknown, as on many managed servers. */
async function readSave(redis: RedisConnection): Promise<string | undefined> {
  const reply = await unlessForbidden(redis.send('CONFIG', 'GET', 'save'));
  // The client returns a list or an object, depending on the version of the protocol (RESP2 or RESP3).
  const value: unknown = Array.isArray(reply) ? reply[1] : (reply as { save?: unknown } | undefined)?.save;
  return typeof value === 'string' ? value : undefined;
}

/** Undefined when Redis refuses the command. */
async function unlessForbidden<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RefusedCommand) return undefined;
    throw error;
  }
}
