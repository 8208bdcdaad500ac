import { randomBytes } from 'node:crypto';
import type { Auth } from '../create-auth.js';
import { UsageError } from './describe-error.js';
import { setting } from './environment.js';
import { withPostgres } from './postgres.js';
import { withRedis } from './redis.js';
import type { PostgresClient } from '../stores/postgres/client.js';
import type { PostgresUserStore } from '../stores/postgres/user-store.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';

/** Where an app keeps its own names; each as in the options of the stores. */
export interface StoreNames {
  usersTable?: string;
  identitiesTable?: string;
  credentialsTable?: string;
  sessionsTable?: string;
  attemptsTable?: string;
  revocationsTable?: string;
  oneTimeTokensTable?: string;
  redisPrefix?: string;
  /** How long the app's access tokens live. */
  accessLifetime?: string;
}

export interface AppStores {
  readonly users: PostgresUserStore;
  readonly auth: Auth;
}

export async function openUserStore(client: PostgresClient, names: StoreNames): Promise<PostgresUserStore> {
  const { PostgresUserStore } = await import('../stores/postgres/user-store.js');
  const { usersTable: table, identitiesTable, credentialsTable } = names;
  return asUsage(
    () =>
      new PostgresUserStore(client, {
        ...(table !== undefined && { table }),
        ...(identitiesTable !== undefined && { identitiesTable }),
        ...(credentialsTable !== undefined && { credentialsTable }),
      }),
  );
}

/** The exact store of the app, so that its schema is too. */
export async function openPostgresSessions(client: PostgresClient, names: StoreNames) {
  const { PostgresRefreshTokenStore } = await import('../stores/postgres/refresh-token-store.js');
  const { sessionsTable: table, attemptsTable, revocationsTable, oneTimeTokensTable } = names;
  return asUsage(
    () =>
      new PostgresRefreshTokenStore(client, {
        ...(table !== undefined && { table }),
        ...(attemptsTable !== undefined && { attemptsTable }),
        ...(revocationsTable !== undefined && { revocationsTable }),
        ...(oneTimeTokensTable !== undefined && { oneTimeTokensTable }),
      }),
  );
}

export function withUsers<T>(names: StoreNames, work: (users: PostgresUserStore) => Promise<T>): Promise<T> {
  return withPostgres(async (pool) => work(await openUserStore(pool, names)));
}

/**
 * One more process of the app: users in PostgreSQL, sessions in Redis where REDIS_URL is set and else in PostgreSQL. What
 * ends here is refused at once by the guards of all other processes, because `createAuth` sees to that. It signs
 * nothing, so that its secrets are made up.
 */
export function withApp<T>(names: StoreNames, work: (stores: AppStores) => Promise<T>): Promise<T> {
  return withPostgres(async (pool) => {
    const users = await openUserStore(pool, names);
    if (setting('REDIS_URL') === undefined)
      return withAuth(users, await openPostgresSessions(pool, names), names, work);
    return withRedis(async (redis) => {
      const { RedisRefreshTokenStore } = await import('../stores/redis/refresh-token-store.js');
      const { redisPrefix: keyPrefix } = names;
      const sessions = asUsage(
        () => new RedisRefreshTokenStore(redis, keyPrefix === undefined ? {} : { keyPrefix }),
      );
      return withAuth(users, sessions, names, work);
    });
  });
}

async function withAuth<T>(
  users: PostgresUserStore,
  refreshTokens: RefreshTokenStore,
  { accessLifetime }: StoreNames,
  work: (stores: AppStores) => Promise<T>,
): Promise<T> {
  const { createAuth } = await import('../create-auth.js');
  const secret = () => randomBytes(32);
  const auth = asUsage(() =>
    createAuth({
      users,
      refreshTokens,
      accessToken: {
        secret: secret(),
        ...(accessLifetime !== undefined && { expiresIn: accessLifetime as `${number}m` }),
      },
      refreshToken: { secret: secret() },
    }),
  );
  try {
    return await work({ users, auth });
  } finally {
    await auth.close();
  }
}

/** The stores and createAuth name the option and the cure; here it came from the command line. */
export function asUsage<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error;
  }
}
