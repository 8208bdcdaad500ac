import { SqliteUserStore } from '../../../src/stores/sqlite';
import { proveVerifiedColumn, type VerifiedTable } from '../../features/email-account/verified-column';
import { DRIVERS, useFiles } from './databases';

const columns = { id: 'id', username: 'email', passwordHash: 'password' };

describe.each(DRIVERS)('%s: a column verified', (_driver, open) => {
  const files = useFiles(open);
  let table: VerifiedTable;
  beforeAll(async () => {
    const database = files.open('verified.db');
    database.exec(`CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL UNIQUE, password text,
      verified boolean NOT NULL DEFAULT 0, seen datetime)`);
    const over = (emailVerified: string) =>
      new SqliteUserStore(database, { table: 'people', columns: { ...columns, emailVerified } });
    const users = over('verified');
    await users.migrate();
    await users.ready({ hasFields: false });
    await expect(over('seen').ready()).rejects.toThrow(
      /the type datetime, and must be a boolean: name another/,
    );
    table = {
      users,
      isVerified: async (email) => {
        const user = await users.findByUsername(email);
        return user !== undefined && users.isEmailVerified(user.id, email);
      },
      setVerified: (email) =>
        Promise.resolve(database.exec(`UPDATE people SET verified = 1 WHERE email = '${email}'`)),
    };
  });

  proveVerifiedColumn(() => table);
});
