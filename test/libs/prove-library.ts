import type { AppTableUserStore } from '../../src/stores/app-table/app-table-user-store';
import type { UserTableOptions } from '../../src/stores/app-table/user-table-options';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { PATIENT, useCallTimes } from '../helpers/call-times';
import type { TestServer } from '../helpers/servers/servers';
import { startDatabase, type Database, type Table } from './tables';

/** An app's client of a library. */
export interface Opened {
  store(table: Table, options: UserTableOptions): AppTableUserStore;
  end(): Promise<unknown>;
}

export interface Library {
  readonly name: string;
  /** What the library calls the columns `password_hash`, `email_key` and `is_admin`. */
  readonly names: { readonly passwordHash: string; readonly emailKey: string; readonly isAdmin: string };
  open(database: Database, url: string): Promise<Opened>;
}

const HASH = `$2b$10$${'a'.repeat(53)}`;

export function proveLibrary(library: Library): void {
  describe.each<Database>(['postgres', 'mariadb'])(`${library.name} on %s`, (database) => {
    let server: TestServer;
    let app: Opened;
    const person = (): UserTableOptions => ({
      columns: {
        id: 'id',
        username: 'email',
        passwordHash: library.names.passwordHash,
        roles: 'roles',
        disabled: { column: 'active', invert: true },
      },
    });
    let store: AppTableUserStore;

    beforeAll(async () => {
      useCallTimes(PATIENT);
      server = await startDatabase(database);
      app = await library.open(database, server.url);
      store = app.store('person_int', person());
      await store.migrate();
    });
    afterAll(async () => {
      await app?.end();
      await server?.stop();
    });

    runContract(userStoreContract(() => store));
    runContract(identityStoreContract(() => store));
    runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));

    test.each<Table>(['person_big', 'person_uuid'])('ids of %s come back as they went', async (table) => {
      const other = app.store(table, person());
      await other.migrate();
      const created = await other.create({ username: 'Ann', passwordHash: HASH, roles: ['admin'] });
      expect(await other.findById(created.id)).toEqual(created);
    });
  });
}
