import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { newSession } from './samples';

let database: TestDatabase;
const stores = () => ({
  sessions: new PostgresRefreshTokenStore(database.pool),
  users: new PostgresUserStore(database.pool),
});

beforeAll(async () => {
  database = await createDatabase();
  await stores().users.migrate();
  await stores().sessions.migrate();
});
afterAll(() => database.close());

/** Makes the server answer every new row with this error. */
async function refuseRows(state: string): Promise<void> {
  await database.pool.query(
    `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'the server refuses' USING ERRCODE = '${state}'; END $$`,
  );
  for (const table of ['visa_refresh_tokens', 'visa_users']) {
    await database.pool.query(`CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON ${table}
                                 FOR EACH ROW EXECUTE FUNCTION refuse()`);
  }
}

// One of each class of errors that pass, and those of no such class.
test.each(['08006', '25006', '25P03', '25P04', '40001', '40003', '53100', '55P03', '57P01', '58030'])(
  '%s is an outage for sessions and users',
  async (state) => {
    await refuseRows(state);
    const unavailable = { code: 'SERVICE_UNAVAILABLE', status: 503 };
    await expect(stores().sessions.create(newSession('user-1', 'session-1'))).rejects.toMatchObject(
      unavailable,
    );
    await expect(stores().users.create({ username: 'ann', passwordHash: 'hash' })).rejects.toMatchObject(
      unavailable,
    );
  },
);

test.each(['22012', '25001', '42501', 'P0001'])('%s is a mistake, and is seen as it is', async (state) => {
  await refuseRows(state);
  await expect(stores().sessions.create(newSession('user-1', 'session-1'))).rejects.toMatchObject({
    code: state,
  });
  await expect(stores().users.create({ username: 'ann', passwordHash: 'hash' })).rejects.toMatchObject({
    code: state,
  });
});
