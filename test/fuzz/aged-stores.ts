import {
  MemoryRefreshTokenStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../src';
import { connectRedis, createDatabase, randomPrefix } from '../helpers/apps/backends';

/** A store whose time passes when a test says so. */
export interface AgedStore {
  readonly store: RefreshTokenStore;
  /** The time of the store's clock. */
  readonly now: number;
  /** How far the test's time is ahead of the store's clock. */
  readonly aheadMs: number;
  pass(ms: number): Promise<void>;
}

export interface Backend {
  /**
   * Starts a run: `now` is the time of this moment. A server's clock goes on during the run, but by less than the test's shortest
   * step.
   */
  start(): AgedStore;
  close(): Promise<void>;
}

export const backends: Record<string, () => Promise<Backend>> = {
  memory: () =>
    Promise.resolve({
      start: () => agedMemory((clock) => new MemoryRefreshTokenStore({ clock })),
      close: async () => {},
    }),

  Redis() {
    const redis = connectRedis();
    const keyPrefix = randomPrefix();
    const store = new RedisRefreshTokenStore(redis, { keyPrefix });
    return Promise.resolve({
      start: () =>
        aged(store, async (ms) => {
          for (const key of await redis.keys(`${keyPrefix}*`)) {
            const ttl = await redis.pttl(key);
            expect(ttl).toBeGreaterThan(0); // every key expires
            for (const [id, packed] of Object.entries(await redis.hgetall(key)))
              await redis.hset(key, id, withEarlierTime(packed, ms));
            await redis.pexpire(key, ttl - ms);
          }
        }),
      close: () => Promise.resolve(redis.disconnect()),
    });
  },

  async PostgreSQL() {
    const database = await createDatabase();
    const store = new PostgresRefreshTokenStore(database.pool);
    await store.migrate();
    const times = ['created_at', 'rotated_at', 'auth_time', 'expires_at'];
    const assignments = times.map((each) => `${each} = ${each} - $1::float8 * interval '1 millisecond'`);
    return {
      start: () =>
        aged(store, async (ms) => {
          await database.pool.query(`UPDATE visa_refresh_tokens SET ${assignments.join()}`, [ms]);
        }),
      close: () => database.close(),
    };
  },
};

/** A server's clock can't be moved. Instead everything in the store is made older. */
function aged(store: RefreshTokenStore, growOlder: (ms: number) => Promise<void>): AgedStore {
  let aheadMs = 0;
  return {
    store,
    now: Date.now(),
    get aheadMs() {
      return aheadMs;
    },
    async pass(ms) {
      aheadMs += ms;
      await growOlder(ms);
    },
  };
}

/** @param make makes a store that uses the clock */
export function agedMemory(make: (clock: () => number) => RefreshTokenStore): AgedStore {
  let now = Date.now();
  return {
    store: make(() => now),
    get now() {
      return now;
    },
    aheadMs: 0,
    pass: (ms) => Promise.resolve(void (now += ms)),
  };
}

/** The sixth line has a time, and all other times are relative to it. See src/stores/redis/packed-session.ts. */
function withEarlierTime(packed: string, ms: number): string {
  const lines = packed.split('\n');
  lines[5] = String(Number(lines[5]) - ms);
  return lines.join('\n');
}
