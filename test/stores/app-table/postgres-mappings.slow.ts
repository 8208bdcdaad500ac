import { PostgresUserStore, type UserTableOptions } from '../../../src';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../../src/testing';
import type { UserStoreGap } from '../../../src/testing/contract-options';
import { runContract } from '../../contract/run-contract';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';

const COLUMNS = { id: 'id', username: 'email', passwordHash: 'hash' };
const NAME = 'email text NOT NULL UNIQUE, hash text';
/** Odd, and more than a number of JavaScript holds exactly. */
const FIRST_BIG_ID = 9007199254740993n;

interface Mapping {
  readonly name: string;
  readonly sql: string;
  readonly options: UserTableOptions;
  readonly without?: readonly UserStoreGap[];
}

const MAPPINGS: readonly Mapping[] = [
  {
    name: 'integer ids, roles as JSON in a text',
    sql: `id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, ${NAME}, roles text, disabled boolean NOT NULL DEFAULT false`,
    options: { columns: { ...COLUMNS, roles: 'roles', disabled: 'disabled' } },
  },
  {
    name: 'bigint ids that a number of JavaScript rounds, roles as jsonb, an inverted flag',
    sql: `id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (START WITH ${FIRST_BIG_ID}), ${NAME},
      roles jsonb NOT NULL DEFAULT '[]', active boolean NOT NULL DEFAULT true`,
    options: { columns: { ...COLUMNS, roles: 'roles', disabled: { column: 'active', invert: true } } },
  },
  {
    name: 'keys in a column, uuids of the store, a flag of 0 and 1',
    sql: `id uuid PRIMARY KEY, ${NAME}, "nameKey" text UNIQUE, roles text[], blocked smallint`,
    options: {
      columns: { ...COLUMNS, usernameKey: 'nameKey', roles: 'roles', disabled: 'blocked' },
    },
  },
  {
    name: 'keys in a column, roles from a function, no flag',
    sql: `id text PRIMARY KEY DEFAULT 'u' || nextval('numbers'), ${NAME}, name_key varchar(510) NOT NULL UNIQUE, level int NOT NULL DEFAULT 1`,
    options: {
      columns: { ...COLUMNS, usernameKey: 'name_key' },
      roles: async ({ level }: { level: number }) => Promise.resolve(level > 1 ? ['admin'] : ['member']),
    },
    without: ['roles'],
  },
];

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query('CREATE SEQUENCE numbers');
});
afterAll(() => database.close());

describe.each(MAPPINGS)('$name', ({ name, sql, options, without = [] }) => {
  let store: PostgresUserStore;
  beforeAll(async () => {
    const table = `People ${MAPPINGS.findIndex((each) => each.name === name)}`;
    await database.pool.query(`CREATE TABLE "${table}" (${sql})`);
    store = new PostgresUserStore(database.pool, { table, ...options });
    await store.migrate();
    await store.ready();
  });

  runContract(userStoreContract(() => store, { without }));
  runContract(identityStoreContract(() => store, { without }));
  runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));
});
