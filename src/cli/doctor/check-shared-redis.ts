import { POSTGRES } from '../../stores/app-table/dialects/postgres.js';
import { SQLITE } from '../../stores/app-table/dialects/sqlite.js';
import { quotedTable } from '../../stores/app-table/quoted-table.js';
import { DEFAULT_USERS_TABLE } from '../../stores/postgres/default-tables.js';
import { DEFAULT_KEY_PREFIX, idOfTaggedKey } from '../../stores/redis/keys.js';
import { setting } from '../environment.js';
import { withPostgres } from '../postgres.js';
import { withRedis, type RedisConnection } from '../redis.js';
import { sqliteFile, withSqlite, type SqliteFile } from '../sqlite.js';
import type { StoreNames } from '../store-names.js';
import { findingsAbout, type Finding } from './finding.js';

/** A sample is enough: another app's users show up among any hundred keys. */
const SAMPLE = 200;
const MAX_STEPS = 20;
const { warn } = findingsAbout('redis');

/**
 * Warns if Redis has sessions of users who aren't in the table of users: then another app uses the same Redis with the same
 * prefix. Finds nothing if one of the servers can't be asked, which other checks report.
 */
export async function checkSharedRedis({
  redisPrefix = DEFAULT_KEY_PREFIX,
  usersTable = DEFAULT_USERS_TABLE,
  columns,
}: StoreNames): Promise<Finding[]> {
  if (setting('REDIS_URL') === undefined || setting('DATABASE_URL') === undefined) return [];
  try {
    const ids = await withRedis((redis) => idsOfUsersWithSessions(redis, redisPrefix));
    if (ids.length === 0) return [];
    const known = await knownUsers(usersTable, columns?.id ?? 'id', ids);
    return judgeOwners(ids, new Set(known), redisPrefix);
  } catch {
    return [];
  }
}

async function knownUsers(usersTable: string, idColumn: string, ids: string[]): Promise<string[]> {
  const file = sqliteFile();
  const dialect = file === undefined ? POSTGRES : SQLITE;
  const [table, schema] = usersTable.split('.').reverse() as [string, string?];
  const id = dialect.asText(dialect.quoted(idColumn));
  const select = `SELECT ${id} AS id FROM ${quotedTable(dialect, { table, schema })} WHERE ${id}`;
  if (file === undefined)
    return withPostgres(async (pool) => {
      const { rows } = await pool.query<{ id: string }>(`${select} = ANY ($1)`, [ids]);
      return rows.map((row) => row.id);
    });
  const text = `${select} IN (SELECT value FROM json_each(?))`;
  const read = ({ database }: SqliteFile) =>
    Promise.resolve(database.prepare(text).all(JSON.stringify(ids)) as { id: string }[]);
  return (await withSqlite(file, read, { readOnly: true })).map((row) => row.id);
}

function judgeOwners(ids: readonly string[], known: ReadonlySet<string>, prefix: string): Finding[] {
  const strangers = ids.filter((id) => !known.has(id));
  if (strangers.length === 0) return [];
  return [
    warn(
      `${strangers.length} of ${ids.length} users who have sessions under the prefix ${prefix} are not in the table of users`,
      "if another app uses this Redis, give one of the two a keyPrefix of its own: with the same one, apps end the sessions of each other's users",
    ),
  ];
}

/** Each user's sessions are one hash, whose key ends with the id in braces. */
async function idsOfUsersWithSessions(redis: RedisConnection, prefix: string): Promise<string[]> {
  const ids = new Set<string>();
  let cursor = '0';
  for (let step = 0; step < MAX_STEPS && ids.size < SAMPLE; step += 1) {
    const page = await redis.send('SCAN', cursor, 'MATCH', `${escaped(prefix)}{*}`, 'COUNT', '500');
    const [next, keys] = page as [string, string[]];
    for (const key of keys) ids.add(idOfTaggedKey(prefix, key));
    cursor = next;
    if (cursor === '0') break;
  }
  return [...ids];
}

/** For a pattern of SCAN. */
function escaped(text: string): string {
  return text.replace(/[*?[\]\\^]/g, '\\$&');
}
