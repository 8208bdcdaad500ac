import {
  MemoryRefreshTokenStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../../src/index';
import { connectRedis, createDatabase, randomPrefix } from './backends';

/** A store that counts attempts. */
export interface AttemptBackend {
  store: RefreshTokenStore;
  /** Forgets the wait and nothing else, like the passing of time would. Impossible with memory. */
  endWait?: () => Promise<void>;
  close(): Promise<void>;
}

export const attemptBackends: Record<string, () => Promise<AttemptBackend> | AttemptBackend> = {
  Redis() {
    const redis = connectRedis();
    const keyPrefix = randomPrefix();
    return {
      store: new RedisRefreshTokenStore(redis, { keyPrefix }),
      async endWait() {
        const keys = await redis.keys(`${keyPrefix}attempts:*-turn:*`);
        expect(keys).toHaveLength(1);
        await redis.del(...keys);
      },
      close: () => Promise.resolve(redis.disconnect()),
    };
  },
  async PostgreSQL() {
    const database = await createDatabase();
    const store = new PostgresRefreshTokenStore(database.pool);
    await store.migrate();
    return {
      store,
      async endWait() {
        const { rowCount } = await database.pool.query(`DELETE FROM visa_attempts WHERE key LIKE '%-turn:%'`);
        expect(rowCount).toBe(1);
      },
      close: () => database.close(),
    };
  },
  memory: () => ({ store: new MemoryRefreshTokenStore(), close: () => Promise.resolve() }),
};
