import { randomBytes } from 'node:crypto';
import type { Auth } from '../auth.js';
import type { Feature } from '../features/feature.js';
import { withDatabase, type Database, type DatabaseUserStore } from './database.js';
import { asUsageError } from './describe-error.js';
import { setting } from './environment.js';
import { withRedis } from './redis.js';
import type { StoreNames } from './store-names.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';

export interface AppStores {
  readonly users: DatabaseUserStore;
  readonly auth: Auth;
}

export function withUserStore<T>(
  names: StoreNames,
  work: (users: DatabaseUserStore) => Promise<T>,
): Promise<T> {
  return withDatabase(names, async (database) => work(await database.users()));
}

/**
 * Acts as one more process of the app, with users in the database, and sessions in Redis if REDIS_URL is set, otherwise in the
 * database too. `createAuth` announces every session that ends here, and the guards of all other processes refuse it at once.
 */
export function withApp<T>(
  names: StoreNames,
  work: (stores: AppStores) => Promise<T>,
  { otherwise, features }: { otherwise?: string; features?: readonly Feature[] } = {},
): Promise<T> {
  const open = async (database: Database) => {
    const users = await database.users();
    const withStores = (auth: Auth) => work({ users, auth });
    if (setting('REDIS_URL') !== undefined)
      return withRedisSessions(names, (sessions) =>
        withAuth(users, sessions, { ...names, features }, withStores),
      );
    return withAuth(users, await database.sessions(), { ...names, features }, withStores);
  };
  return withDatabase(names, open, { otherwise });
}

/** Like `withApp`, for sessions only: the users may be in a store of the app's own, which this command doesn't know. */
export async function withSessions<T>(names: StoreNames, work: (auth: Auth) => Promise<T>): Promise<T> {
  const { MemoryUserStore } = await import('../stores/memory/user-store.js');
  const open = (sessions: RefreshTokenStore) => withAuth(new MemoryUserStore(), sessions, names, work);
  if (setting('REDIS_URL') !== undefined) return withRedisSessions(names, open);
  return withDatabase(names, async (database) => open(await database.sessions()), {
    otherwise: 'If the sessions are in Redis, set REDIS_URL in its place',
  });
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
