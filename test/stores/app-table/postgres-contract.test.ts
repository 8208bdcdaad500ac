import { AppTableUserStore } from '../../../src/stores/app-table/app-table-user-store';
import { userMapping } from '../../../src/stores/app-table/user-table-options';
import { postgresAppDatabase } from '../../../src/stores/postgres/app-database';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../../src/testing';
import { runContract } from '../../contract/run-contract';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';

let database: TestDatabase;
let store: AppTableUserStore;

beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query(`CREATE TABLE "Account" (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email text NOT NULL UNIQUE, "passwordHash" text, roles text[] NOT NULL DEFAULT '{}', disabled boolean NOT NULL DEFAULT false)`);
  const mapping = userMapping('test', {
    columns: {
      id: 'id',
      username: 'email',
      passwordHash: 'passwordHash',
      roles: 'roles',
      disabled: 'disabled',
    },
  });
  const { database: app, facts } = postgresAppDatabase(database.pool, { table: 'Account' }, mapping);
  store = new AppTableUserStore(app, mapping, facts);
  await store.migrate();
});
afterAll(() => database.close());

runContract(userStoreContract(() => store));
runContract(identityStoreContract(() => store));
runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));
