import {
  oneTimeTokenStoreContract,
  refreshTokenStoreContract,
  revocationContract,
} from '../../../src/testing';
import type { SqliteRefreshTokenStore } from '../../../src/stores/sqlite';
import { runContract } from '../../contract/run-contract';
import { DRIVERS, useFiles } from './databases';

describe.each(DRIVERS)('%s', (_driver, open) => {
  const files = useFiles(open);
  let store: SqliteRefreshTokenStore;
  let inMemory: SqliteRefreshTokenStore;
  beforeAll(async () => {
    store = files.store('contracts.db');
    await store.migrate();
    inMemory = files.store(':memory:');
    await inMemory.migrate();
  });

  runContract(refreshTokenStoreContract(() => store));
  runContract(oneTimeTokenStoreContract(() => store.oneTimeTokens()));
  describe('with a connection for each process', () => {
    runContract(revocationContract(() => files.store('contracts.db')));
  });
  describe('with one connection for all', () => {
    runContract(revocationContract(() => store));
  });
  describe('in memory', () => {
    runContract(refreshTokenStoreContract(() => inMemory));
  });
});
