import type { RedisClient } from './redis-client.js';
import { presumedDatabaseOf } from './client-condition.js';

/** A Lua script. On a Cluster all its keys must have the same hash tag. */
export interface RedisScript {
  readonly numberOfKeys: number;
  readonly lua: string;
}

/** By client, because all stores over one client share its sessions. Weak, so a client that the app drops is collected. */
const homes = new WeakMap<RedisClient, number>();

/**
 * Where the stores over a client keep everything: the database that the client is in when the first of them uses it. If the app
 * selects another one later, the stores stay, because in another database they would find no session.
 */
export function homeDatabaseOf(client: RedisClient): number {
  return homes.get(client) ?? presumedDatabaseOf(client);
}

/** From now on the client's home is the database that it is in, unless it has one. */
export function settleHomeDatabase(client: RedisClient): void {
  if (!homes.has(client)) homes.set(client, presumedDatabaseOf(client));
}

/**
 * Makes the script run in the home database, whatever the connection has selected. The connection itself stays where it is: in a
 * script, SELECT counts until the script ends. So it needs no round trip, and nothing can come between it and the script's work.
 *
 * If SELECT is refused, the script runs where the connection is: the app can't have selected another database either. Only if
 * ioredis says that it has (`!`), the script fails. `acl_check_cmd` (Redis 7) keeps a refusal out of the server's ACL LOG.
 */
export function inHomeDatabase({ numberOfKeys, lua }: RedisScript): RedisScript {
  return { numberOfKeys, lua: `${GO_HOME}\n${lua}` };
}

const GO_HOME = `
  local mustSelect, home = string.match(table.remove(ARGV), '^(!?)(%d*)$')
  if home ~= '' then
    local mayNot = redis.acl_check_cmd and not redis.acl_check_cmd('SELECT', home)
    local selected = not mayNot and redis.pcall('SELECT', home)
    if mustSelect == '!' and not (selected and selected.ok) then
      return redis.error_reply("ELSEWHERE the app's Redis client has selected another database, and Redis refuses SELECT in scripts: " ..
        'give that database a client of its own, redis.duplicate({ db })')
    end
  end`;

/** The last argument of every script that `inHomeDatabase` made. A Cluster has only one database. */
export function homeArgument(appClient: RedisClient): string {
  if (appClient.isCluster) return '';
  const home = homeDatabaseOf(appClient);
  return presumedDatabaseOf(appClient) === home ? String(home) : `!${home}`;
}
