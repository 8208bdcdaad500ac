import type { RedisClient } from './redis-client.js';

/** Members of an ioredis client that its types don't show. While it reconnects, the one before has what it will restore. */
interface Condition {
  readonly select?: number;
  readonly auth?: string | readonly [string, string] | null;
}

function conditionOf(client: RedisClient): Condition {
  const { condition, prevCondition } = client as { condition?: Condition; prevCondition?: Condition };
  return prevCondition ?? condition ?? {};
}

/**
 * The database that ioredis thinks its client is in. It is wrong after `call('SELECT', n)`, which ioredis doesn't notice, and
 * after a `select()` that Redis has refused.
 */
export function presumedDatabaseOf(client: RedisClient): number {
  return conditionOf(client).select ?? (client.options as { db?: number } | undefined)?.db ?? 0;
}

/** The credentials of the app's client, also those that it got by `auth()`. A duplicate doesn't have the latter. */
export function credentialsOf(client: RedisClient): { username?: string; password?: string } {
  const { auth } = conditionOf(client);
  const [username, password] = typeof auth === 'string' ? [undefined, auth] : (auth ?? []);
  return password ? { password, ...(username && { username }) } : {};
}
