import type { Pool } from 'pg';
import { createDatabase, type TestDatabase } from './backends';

export interface PostgresStore<Store> {
  readonly pool: Pool;
  readonly url: string;
  readonly store: Store;
  /** @param from a table, and a WHERE clause if need be */
  countRows(from: string): Promise<number>;
}

/** A new database with a migrated store, for the tests of a file. */
export function usePostgresStore<Store extends { migrate(): Promise<void> }>(
  make: (pool: Pool) => Store,
): PostgresStore<Store> {
  let database: TestDatabase;
  let store: Store;

  beforeAll(async () => {
    database = await createDatabase();
    store = make(database.pool);
    await store.migrate();
  });
  afterAll(() => database.close());

  return {
    get pool() {
      return database.pool;
    },
    get url() {
      return database.url;
    },
    get store() {
      return store;
    },
    async countRows(from) {
      const { rows } = await database.pool.query<{ count: number }>(`SELECT count(*)::integer FROM ${from}`);
      return rows[0]?.count ?? -1;
    },
  };
}
