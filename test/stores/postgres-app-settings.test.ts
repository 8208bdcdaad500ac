import { Pool, types, type PoolConfig } from 'pg';
import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import {
  credentialStoreContract,
  identityStoreContract,
  oneTimeTokenStoreContract,
  refreshTokenStoreContract,
  revocationContract,
  userStoreContract,
} from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { newSession } from './samples';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';

const { BOOL, FLOAT8, INT2, INT4, INT8, NUMERIC } = types.builtins;
const NUMBERS = [INT2, INT4, INT8, FLOAT8, NUMERIC];
const JSON_TYPES = [types.builtins.JSON, types.builtins.JSONB];
const ARRAY_OF_TEXT = 1009;

/** Parsers as apps set them by `types.setTypeParser`, for these types alone. */
function parsing(ids: number[], parse: (value: string) => unknown): PoolConfig {
  return {
    types: {
      getTypeParser: ((id: number, format: 'text' | 'binary') =>
        ids.includes(id)
          ? parse
          : (types.getTypeParser(id, format) as unknown)) as typeof types.getTypeParser,
    },
  };
}

/** What an app may have told pg. The contract is the same for all of them. */
describe.each<[string, PoolConfig]>([
  [
    'integers as BigInt, dates in another form and few digits',
    { ...parsing([INT2, INT4, INT8], BigInt), options: '-c datestyle=German,DMY -c extra_float_digits=-5' },
  ],
  ['every type but text as text', parsing([...NUMBERS, BOOL, ARRAY_OF_TEXT, ...JSON_TYPES], String)],
  ['binary: true', { binary: true } as PoolConfig],
])('an app that sets %s', (_what, settings) => {
  let database: TestDatabase;
  let pool: Pool;
  const users = () => new PostgresUserStore(pool);
  const sessions = () => new PostgresRefreshTokenStore(pool);

  beforeAll(async () => {
    database = await createDatabase();
    pool = new Pool({ connectionString: database.url, ...settings });
    await users().migrate();
    await sessions().migrate();
  });
  afterAll(async () => {
    await pool.end();
    await database.close();
  });

  runContract(userStoreContract(users));
  runContract(identityStoreContract(users));
  runContract(credentialStoreContract(() => ({ users: users(), credentials: users().credentials() })));
  runContract(refreshTokenStoreContract(sessions));
  // One case takes seconds, because it ends thousands of sessions.
  runContract(revocationContract(sessions).filter(({ name }) => !name.includes('thousands')));
  runContract(oneTimeTokenStoreContract(() => sessions().oneTimeTokens()));

  test('the store counts attempts', async () => {
    const counter = sessions().attemptCounter('login', 60);
    expect(await counter.increment('ann')).toMatchObject({ count: 1 });
    const { count, msBeforeReset } = await counter.increment('ann');
    expect(count).toBe(2);
    expect(msBeforeReset).toBeGreaterThan(30_000);
    expect(await counter.has?.('ann')).toBe(true);
    await counter.reset('ann');
    expect(await counter.has?.('ann')).toBe(false);
  });
});

test.each(['serializable', 'repeatable\\ read'])(
  'parallel calls agree if the app makes transactions %s',
  async (isolation) => {
    const database = await createDatabase();
    const options = `-c default_transaction_isolation=${isolation}`;
    const pool = new Pool({ connectionString: database.url, options });
    try {
      const store = new PostgresRefreshTokenStore(pool);
      await store.migrate();
      await store.create(newSession('ann', 'one'));
      const request = { userId: 'ann', sessionId: 'one', generation: 1, reuseWindowSeconds: 30 };
      const lifetimes = { expiresInSeconds: 3600, maxLifetimeSeconds: 7200 };
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, async () => (await store.rotate({ ...request, ...lifetimes })).outcome),
      );
      expect(outcomes.sort()).toEqual(['replayed', 'replayed', 'replayed', 'replayed', 'rotated']);
      const counter = store.attemptCounter('login', 60);
      const counts = await Promise.all(Array.from({ length: 5 }, () => counter.increment('ann')));
      expect(counts.map(({ count }) => count).sort()).toEqual([1, 2, 3, 4, 5]);
    } finally {
      await pool.end();
      await database.close();
    }
  },
);
