import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
} from '../../../src/index';
import type { TestOptions } from './app';
import { connectRedis, createDatabase, randomPrefix } from './backends';

/** The stores of an app with features, which a second app of the same test may share. */
export type FeatureStores = Pick<Required<TestOptions>, 'users' | 'refreshTokens'>;

/** Stores that a test closes when it has ended. */
export type OpenStores = FeatureStores & { close(): Promise<void> };

export function memoryStores(): FeatureStores {
  return { users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() };
}

/** Redis and PostgreSQL. */
export async function realStores(): Promise<OpenStores> {
  const database = await createDatabase();
  const redis = connectRedis();
  const users = new PostgresUserStore(database.pool);
  await users.migrate();
  return {
    users,
    refreshTokens: new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() }),
    async close() {
      redis.disconnect();
      await database.close();
    },
  };
}

/**
 * The stores that tests of `describe.each` run on, by the name that their titles have. The tests of SQLite put others in their place,
 * and run the same files.
 */
export const EACH_STORES: [name: string, open: () => Promise<OpenStores>][] = [
  ['memory', () => Promise.resolve({ ...memoryStores(), close: () => Promise.resolve() })],
  ['PostgreSQL and Redis', realStores],
];
