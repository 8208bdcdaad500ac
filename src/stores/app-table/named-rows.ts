import { isAuthError, UsernameTakenError } from '../../errors.js';
import { usernameKey } from '../../utils/username.js';
import type { Identity } from '../identity-store.js';
import type { BoundedDatabase } from './bounded-database.js';
import type { Identities } from './identities.js';
import { clearUser, type OwnTables } from './own-tables.js';
import type { TableAccess } from './sql-database.js';
import type { FoundRow, Row } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';
import type { Usernames } from './usernames.js';

/** A rename whose names have been checked. */
export interface Rename {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly previous: string;
}

/** Gives rows of the app's table their names, together with the keys: new rows, and those whose user is renamed. */
export class NamedRows {
  readonly #database: BoundedDatabase;
  readonly #mapping: UserMapping;
  readonly #usernames: Usernames;
  readonly #tables: OwnTables;

  constructor(database: BoundedDatabase, mapping: UserMapping, usernames: Usernames, tables: OwnTables) {
    this.#database = database;
    this.#mapping = mapping;
    this.#usernames = usernames;
    this.#tables = tables;
  }

  /** @throws UsernameTakenError; what another unique index of the app's throws */
  insert(username: string, values: Row): Promise<FoundRow> {
    const inserting = this.#database.write(undefined, (access) => this.#insert(access, username, values));
    return inserting.catch((error: unknown) => this.#takenOr(error, username));
  }

  /** @returns the row of the user that has the identity already, or a new one @throws as `insert` */
  insertFor(identities: Identities, identity: Identity, username: string, values: Row): Promise<FoundRow> {
    const inserting = this.#database.write(undefined, async (access) => {
      const owner = await identities.reserve(access, identity);
      if (owner) return owner;
      const created = await this.#insert(access, username, values);
      await identities.assign(access.sql, identity, created.id);
      return created;
    });
    return inserting.catch((error: unknown) => this.#takenOr(error, username));
  }

  /**
   * @param unproved what the row gets with a name that has another key
   * @returns false if there is no such user, or the name isn't `previous` any more
   * @throws as `insert`
   */
  rename({ id, name, key, previous }: Rename, unproved: Row): Promise<boolean> {
    const { username } = this.#mapping.columns;
    const previousKey = usernameKey(previous);
    const values = { [username]: name, ...this.#usernames.values(key), ...(previousKey !== key && unproved) };
    const renaming = this.#database.write(id, async (access) => {
      const locked = await access.rows.lock(id);
      if (locked?.row[username] !== previous) return false;
      await this.#usernames.reserve(access, name, locked.id);
      await access.rows.update(locked.id, values);
      if (previousKey !== key) await this.#usernames.release(access, previousKey, locked.id);
      return true;
    });
    return renaming.catch((error: unknown) => this.#takenOr(error, name));
  }

  async #insert(access: TableAccess, username: string, values: Row): Promise<FoundRow> {
    const key = usernameKey(username);
    await this.#usernames.reserve(access, username);
    const created = await access.rows.insert({ ...values, ...this.#usernames.values(key) });
    // A database may give a deleted user's id away again.
    await clearUser(access.sql, this.#tables, created.id);
    await this.#usernames.assign(access, key, created.id);
    return created;
  }

  /** The app's own unique index may take another spelling for the same name. Other unique columns of the app's are its own matter. */
  async #takenOr(error: unknown, username: string): Promise<never> {
    if (isAuthError(error, 'USERNAME_TAKEN') || this.#database.kindOfError(error) !== 'taken') throw error;
    const key = usernameKey(username);
    const found = await this.#database.read(async ({ rows }) => [
      ...(await rows.find('username', [username])),
      ...(this.#mapping.columns.usernameKey === undefined ? [] : await rows.find('usernameKey', [key])),
    ]);
    throw found.length > 0 ? new UsernameTakenError({ cause: error }) : error;
  }
}
