import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../../src/testing';
import { SqliteRefreshTokenStore } from '../../../src/stores/sqlite';
import { runContract } from '../../contract/run-contract';
import { openDatabase, useFolder, type TestDatabase } from './databases';

const folder = useFolder();
const databases: TestDatabase[] = [];
let store: SqliteRefreshTokenStore;

/** A store with a connection of its own, as each process has. */
function newStore(file = 'contracts.db'): SqliteRefreshTokenStore {
  const database = openDatabase(folder.file(file));
  databases.push(database);
  return new SqliteRefreshTokenStore(database);
}

beforeAll(async () => {
  store = newStore();
  await store.migrate();
});
afterAll(() => {
  for (const database of databases) database.close();
});

runContract(refreshTokenStoreContract(() => store));
runContract(oneTimeTokenStoreContract(() => store.oneTimeTokens()));
describe('with a connection for each process', () => {
  runContract(revocationContract(() => newStore()));
});
describe('with one connection for all', () => {
  runContract(revocationContract(() => store));
});
describe('in memory', () => {
  let inMemory: SqliteRefreshTokenStore;
  beforeAll(async () => {
    const database = openDatabase(':memory:');
    databases.push(database);
    inMemory = new SqliteRefreshTokenStore(database);
    await inMemory.migrate();
  });
  runContract(refreshTokenStoreContract(() => inMemory));
});
