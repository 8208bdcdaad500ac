import { randomBytes } from 'node:crypto';
import type { Auth } from '../auth.js';
import type { Feature } from '../features/feature.js';
import { UsageError } from './describe-error.js';
import { setting } from './environment.js';
import { withPostgres } from './postgres.js';
import { withRedis } from './redis.js';
import type { UserColumns } from '../stores/app-table/user-table-options.js';
import type { PostgresClient } from '../stores/postgres/client.js';
import type { PostgresUserStore } from '../stores/postgres/user-store.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';

/** Tables, keys and times that an app has changed. Each member is an option of a store, or of `createAuth`, with the same default. */
export interface StoreNames {
  usersTable?: string;
  /** Of a table of the app's own. */
  columns?: UserColumns;
  identitiesTable?: string;
  credentialsTable?: string;
  sessionsTable?: string;
  attemptsTable?: string;
  revocationsTable?: string;
  oneTimeTokensTable?: string;
  redisPrefix?: string;
  /** `accessToken.expiresIn` of the app. The end of a session is remembered for that long. Default: 30m. */
  accessLifetime?: string;
}

export interface AppStores {
  readonly users: PostgresUserStore;
  readonly auth: Auth;
}

export async function openUserStore(client: PostgresClient, names: StoreNames): Promise<PostgresUserStore> {
  const { PostgresUserStore } = await import('../stores/postgres/user-store.js');
  const { usersTable: table, columns, identitiesTable, credentialsTable } = names;
  return asUsageError(
    () =>
      new PostgresUserStore(client, {
        ...(table !== undefined && { table }),
        ...(columns && { columns }),
        ...(identitiesTable !== undefined && { identitiesTable }),
        ...(credentialsTable !== undefined && { credentialsTable }),
      }),
  );
}

/** The app's own store class with the app's table names. Its `schema` and `migrate()` are therefore the app's too. */
export async function openPostgresSessionStore(client: PostgresClient, names: StoreNames) {
  const { PostgresRefreshTokenStore } = await import('../stores/postgres/refresh-token-store.js');
  const { sessionsTable: table, attemptsTable, revocationsTable, oneTimeTokensTable } = names;
  return asUsageError(
    () =>
      new PostgresRefreshTokenStore(client, {
        ...(table !== undefined && { table }),
        ...(attemptsTable !== undefined && { attemptsTable }),
        ...(revocationsTable !== undefined && { revocationsTable }),
        ...(oneTimeTokensTable !== undefined && { oneTimeTokensTable }),
      }),
  );
}

export function withUserStore<T>(
  names: StoreNames,
  work: (users: PostgresUserStore) => Promise<T>,
): Promise<T> {
  return withPostgres(async (pool) => work(await openUserStore(pool, names)));
}

/**
 * Acts as one more process of the app, with users in PostgreSQL, and sessions in Redis if REDIS_URL is set, otherwise in
 * PostgreSQL. `createAuth` announces every session that ends here, and the guards of all other processes refuse it at once.
 */
export function withApp<T>(
  names: StoreNames,
  work: (stores: AppStores) => Promise<T>,
  { otherwise, features }: { otherwise?: string; features?: readonly Feature[] } = {},
): Promise<T> {
  return withPostgres(async (pool) => {
    const users = await openUserStore(pool, names);
    const withStores = (auth: Auth) => work({ users, auth });
    if (setting('REDIS_URL') !== undefined)
      return withRedisSessions(names, (sessions) =>
        withAuth(users, sessions, { ...names, features }, withStores),
      );
    return withAuth(users, await openPostgresSessionStore(pool, names), { ...names, features }, withStores);
  }, otherwise);
}

/** Like `withApp`, for sessions only: the users may be in a store of the app's own, which this command doesn't know. */
export async function withSessions<T>(names: StoreNames, work: (auth: Auth) => Promise<T>): Promise<T> {
  const { MemoryUserStore } = await import('../stores/memory/user-store.js');
  const open = (sessions: RefreshTokenStore) => withAuth(new MemoryUserStore(), sessions, names, work);
  if (setting('REDIS_URL') !== undefined) return withRedisSessions(names, open);
  return withPostgres(
    async (pool) => open(await openPostgresSessionStore(pool, names)),
    'If the sessions are in Redis, set REDIS_URL in its place',
  );
}

function withRedisSessions<T>(
  { redisPrefix: keyPrefix }: StoreNames,
  work: (sessions: RefreshTokenStore) => Promise<T>,
): Promise<T> {
  return withRedis(async ({ client }) => {
    const { RedisRefreshTokenStore } = await import('../stores/redis/refresh-token-store.js');
    const options = keyPrefix === undefined ? {} : { keyPrefix };
    return work(asUsageError(() => new RedisRefreshTokenStore(client, options)));
  });
}

async function withAuth<T>(
  users: UserStore,
  refreshTokens: RefreshTokenStore,
  { accessLifetime, features }: StoreNames & { features?: readonly Feature[] | undefined },
  work: (auth: Auth) => Promise<T>,
): Promise<T> {
  const { createAuth } = await import('../create-auth.js');
  // The command signs and verifies no token, so any secret will do.
  const secret = () => randomBytes(32);
  const auth = asUsageError(() =>
    createAuth({
      users,
      refreshTokens,
      accessToken: {
        secret: secret(),
        ...(accessLifetime !== undefined && { expiresIn: accessLifetime as `${number}m` }),
      },
      refreshToken: { secret: secret() },
      ...(features && { features }),
      limits: { sessions: false }, // the command starts none, and lists what the app's own limit allows
    }),
  );
  auth.events.on('unavailable', () => undefined); // the command's own message says it
  try {
    return await work(auth);
  } finally {
    await auth.close();
  }
}

/**
 * Turns a TypeError into a UsageError. The stores and `createAuth` throw one for a wrong option, with a message that says how
 * to fix it; here the option came from the command line.
 */
export function asUsageError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error;
  }
}
