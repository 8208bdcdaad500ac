import { Pool } from 'pg';
import { PostgresRefreshTokenStore, PostgresUserStore, type RefreshTokenStore } from '../../../src/index';
import type { SqliteUserStore } from '../../../src/stores/sqlite/index';
import { createDatabase } from './backends';

/** The database of an app, with its users and its sessions. */
export interface AppDatabase {
  /** What the app has in `DATABASE_URL`. */
  readonly url: string;
  /** A store with the tables of its own. */
  users(options?: { table?: string }): PostgresUserStore | SqliteUserStore;
  /** A store with a connection of its own, as each process has. */
  sessions(): RefreshTokenStore & { migrate(): Promise<void> };
  /** Runs a statement of the test's own, whose values stand as `?` in it. */
  run(sql: string, ...values: string[]): Promise<void>;
  close(): Promise<void>;
}

/** Where the tests run that use it. The tests of SQLite put another database in its place, and run the same files. */
export const appDatabase = {
  open: openPostgresDatabase,
  /** What app-process.mjs knows as stores of sessions. */
  sessionStores: ['redis', 'postgres'],
} as { open(): Promise<AppDatabase>; sessionStores: readonly string[] };

async function openPostgresDatabase(): Promise<AppDatabase> {
  const database = await createDatabase();
  const pools: Pool[] = [];
  return {
    url: database.url,
    users: (options) => new PostgresUserStore(database.pool, options),
    sessions() {
      const pool = new Pool({ connectionString: database.url });
      pools.push(pool);
      return new PostgresRefreshTokenStore(pool);
    },
    async run(sql, ...values) {
      let mark = 0;
      await database.pool.query(
        sql.replaceAll('?', () => `$${(mark += 1)}`),
        values,
      );
    },
    async close() {
      await Promise.all(pools.map((pool) => pool.end()));
      await database.close();
    },
  };
}
