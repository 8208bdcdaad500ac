import { PostgresUserStore } from '../../../src';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../../src/testing';
import { runContract } from '../../contract/run-contract';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';

let database: TestDatabase;
let store: PostgresUserStore;

beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query(`CREATE TABLE "Account" (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email text NOT NULL UNIQUE, "passwordHash" text, roles text[] NOT NULL DEFAULT '{}', disabled boolean NOT NULL DEFAULT false)`);
  store = new PostgresUserStore(database.pool, {
    table: 'Account',
    columns: {
      id: 'id',
      username: 'email',
      passwordHash: 'passwordHash',
      roles: 'roles',
      disabled: 'disabled',
    },
  });
  await store.migrate();
});
afterAll(() => database.close());

runContract(userStoreContract(() => store));
runContract(identityStoreContract(() => store));
runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));
