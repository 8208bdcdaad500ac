import { isAuthError, UsernameTakenError } from '../../errors.js';
import { usernameKey } from '../../utils/username.js';
import { usernameRefused } from '../new-username.js';
import type { CheckedRename } from '../user-arguments.js';
import type { Identity } from '../identity-store.js';
import type { BoundedDatabase } from './bounded-database.js';
import type { Deadline } from './deadline.js';
import type { Identities } from './identities.js';
import { clearUser, type OwnTables } from './own-tables.js';
import type { TableAccess } from './sql-database.js';
import type { FoundRow, KeyMember, Row } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';
import type { Usernames } from './usernames.js';

/** Gives the rows of the app's table their usernames, together with their keys. */
export class NewRows {
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

  /** @throws UsernameTakenError; AuthError VALIDATION_FAILED for a name that the column can't hold */
  create(username: string, values: Row, by: Deadline): Promise<FoundRow> {
    const create = this.#database.write(undefined, (access) => this.#insert(access, username, values), by);
    return create.catch((error: unknown) => this.#takenOr(error, username, by));
  }

  /** @returns the row of the user that has the identity already, or a new one @throws as `create` does */
  createFor(
    identities: Identities,
    identity: Identity,
    username: string,
    values: Row,
    by: Deadline,
  ): Promise<FoundRow> {
    const insert = async (access: TableAccess) => {
      const owner = await identities.reserve(access, identity);
      if (owner) return owner;
      const created = await this.#insert(access, username, values);
      await identities.assign(access.sql, identity, created.id);
      return created;
    };
    const create = this.#database.write(undefined, insert, by);
    return create.catch((error: unknown) => this.#takenOr(error, username, by));
  }

  /**
   * Compare-and-set: the name must still be `previous`.
   * @param unproved what the row gets with a name that has another key
   * @throws as `create` does
   */
  rename({ id, name, key, previous }: CheckedRename, unproved: Row, by: Deadline): Promise<boolean> {
    const column = this.#mapping.columns.username;
    const rename = async (access: TableAccess) => {
      const locked = await access.rows.lock(id);
      if (locked?.row[column] !== previous) return false;
      await this.#usernames.reserve(access, name, locked.id);
      const previousKey = usernameKey(previous);
      const values = { [column]: name, ...this.#usernames.values(key) };
      await access.rows.update(locked.id, { ...values, ...(previousKey !== key && unproved) });
      if (previousKey !== key) await this.#usernames.release(access, previousKey, locked.id);
      return true;
    };
    const renaming = this.#database.write(id, rename, by);
    return renaming.catch((error: unknown) => this.#takenOr(error, name, by));
  }

  /** Inside a transaction. @throws UsernameTakenError; what a unique index of the app's throws: see `#takenOr` */
  async #insert(access: TableAccess, username: string, values: Row): Promise<FoundRow> {
    const key = usernameKey(username);
    await this.#usernames.reserve(access, username);
    const created = await access.rows.insert({ ...values, ...this.#usernames.values(key) });
    // A database may give a deleted user's id away again.
    await clearUser(access.sql, this.#tables, created.id);
    await this.#usernames.assign(access, key, created.id);
    return created;
  }

  /**
   * After a transaction that gave a user a name. The app's own unique index may take another spelling for the same name. Other unique
   * columns of the app's are its own matter.
   */
  async #takenOr(error: unknown, username: string, by: Deadline): Promise<never> {
    const kind = this.#database.kindOfError(error);
    if (isAuthError(error, 'USERNAME_TAKEN') || (kind !== 'taken' && kind !== 'unfit')) throw error;
    const columns: [KeyMember, string][] = [['username', username]];
    if (this.#mapping.columns.usernameKey !== undefined) columns.push(['usernameKey', usernameKey(username)]);
    for (const [member, text] of columns) {
      const found = await this.#database.findIfHeld(member, text, by);
      if (!found) throw usernameRefused('unsupportedCharacters');
      if (kind === 'taken' && found.length > 0) throw new UsernameTakenError({ cause: error });
    }
    throw error;
  }
}
