import type { CredentialStore } from '../credential-store.js';
import { checkedIdentity, type Identity, type IdentityStore } from '../identity-store.js';
import type { ListUsersOptions } from '../list-users-options.js';
import { checkedChanges, checkedIdentityUser, checkedRename, checkedUserId } from '../user-arguments.js';
import { UserGoneListeners } from '../user-gone-listeners.js';
import type {
  NewUser,
  StoredUser,
  UserGoneListener,
  UserStore,
  UserStoreReadyOptions,
} from '../user-store.js';
import { assertReady } from './assert-ready.js';
import { adoptRows } from './adopt-rows.js';
import { BoundedDatabase } from './bounded-database.js';
import { changeRow } from './change-row.js';
import { AppTableCredentials } from './credentials.js';
import { Deadline } from './deadline.js';
import { Identities } from './identities.js';
import { KeyColumn } from './key-column.js';
import { KeyTable } from './key-table.js';
import { LookUps } from './look-ups.js';
import { NewRows } from './new-rows.js';
import { clearUser, ownTables, ownTableStatements, type OwnTables } from './own-tables.js';
import { setVerified } from './set-verified.js';
import type { AppDatabase } from './sql-database.js';
import { TableFacts } from './table-facts.js';
import { UserColumnValues } from './user-column-values.js';
import type { UserMapping } from './user-table-options.js';
import type { Usernames } from './usernames.js';
import { canBeOwnId } from './values.js';

/**
 * Users in the app's own table. What the table lacks (keys of usernames, identities, credentials) is in tables of ours beside it. Each
 * library has a class that extends this one.
 */
export class AppTableUserStore implements UserStore, IdentityStore {
  /** `create(user, fields)` fills columns with the fields of a registration. */
  readonly takesFields = true;
  readonly #source: AppDatabase;
  readonly #database: BoundedDatabase;
  readonly #mapping: UserMapping;
  readonly #tables: OwnTables;
  readonly #statements: readonly string[];
  readonly #values: UserColumnValues;
  readonly #usernames: Usernames;
  readonly #newRows: NewRows;
  readonly #lookUps: LookUps;
  readonly #identities: Identities;
  readonly #credentials: CredentialStore;
  readonly #userGone = new UserGoneListeners();

  /**
   * @param mapping what `userMapping` made of the options
   * @param facts shared with the rows of the database, if they need them too
   * @param statements create the app's table, where it is the store's own
   */
  constructor(
    database: AppDatabase,
    mapping: UserMapping,
    facts = new TableFacts(database, mapping.columns.username),
    statements: readonly string[] = [],
  ) {
    const { dialect } = database;
    const { username, usernameKey: keyColumn } = mapping.columns;
    this.#source = database;
    this.#database = new BoundedDatabase(database, facts);
    this.#mapping = mapping;
    this.#values = new UserColumnValues(mapping, facts);
    this.#tables = ownTables(mapping, database.place);
    this.#statements = dialect.migration([...statements, ...ownTableStatements(this.#tables, dialect)]);
    this.#usernames =
      keyColumn === undefined
        ? new KeyTable(dialect, this.#tables.usernames as string, username)
        : new KeyColumn(dialect, keyColumn, username);
    this.#newRows = new NewRows(this.#database, mapping, this.#usernames, this.#tables);
    this.#identities = new Identities(dialect, this.#tables.identities);
    this.#lookUps = new LookUps(this.#database, this.#values, this.#usernames, this.#identities);
    this.#credentials = new AppTableCredentials(this.#database, dialect, this.#tables.credentials);
  }

  /** The SQL of the tables beside yours, for your own migrations. Safe to run again. */
  get schema(): string {
    return this.#statements.map((each) => `${each};`).join('\n');
  }

  /**
   * Creates what is missing of the tables beside yours, and keeps the `usernameKey` of each row that is there. Safe to run again, and in
   * several processes at once. Changes nothing in your table, except the column `usernameKey`.
   */
  async migrate(): Promise<void> {
    for (const each of this.#statements) await this.#source.sql.execute(each);
    await adoptRows(this.#source, this.#usernames, this.#mapping.columns.username, () => this.ready());
  }

  /**
   * Looks at your table and at the tables beside it. `auth.ready()` calls it.
   * @throws Error that names what is missing or wrong, with the SQL that cures it
   */
  async ready(options: UserStoreReadyOptions = {}): Promise<void> {
    await assertReady(this.#database, this.#source, this.#mapping, this.#tables, options);
  }

  async findByUsername(username: string): Promise<StoredUser | undefined> {
    return this.#lookUps.byUsername(username);
  }

  async findById(id: string): Promise<StoredUser | undefined> {
    return this.#lookUps.byId(id);
  }

  /**
   * One page of the users, sorted by username as the database sorts: `users.list({ limit: 50, after: 'ann' })`.
   * @throws RangeError if `limit` is not a whole number from 1 to 1000
   */
  async list(options: ListUsersOptions = {}): Promise<StoredUser[]> {
    return this.#lookUps.page(options);
  }

  /**
   * Inserts a user into your table.
   * @param fields further columns, as the option `fields` says. They never replace what a column of the mapping gets
   */
  async create(user: NewUser, fields?: unknown): Promise<StoredUser> {
    const by = new Deadline();
    await this.#database.learnFacts(by);
    const { username, values } = await this.#values.forNewUser(user, fields);
    return this.#values.toUser(await this.#newRows.create(username, values, by), by);
  }

  async updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean> {
    const { passwordHash } = this.#mapping.columns;
    return changeRow(this.#database, id, (row) =>
      (row[passwordHash] ?? null) === previous ? { [passwordHash]: next } : undefined,
    );
  }

  async updateUsername(id: string, next: string, previous: string): Promise<boolean> {
    const rename = checkedRename(id, next, previous);
    const by = new Deadline();
    await this.#database.learnFacts(by);
    await this.#values.assertFits(rename.name);
    return this.#newRows.rename(rename, await this.#values.verified(false), by);
  }

  /** Whether the column `emailVerified` says so of this name. */
  async isEmailVerified(id: string, username: string): Promise<boolean> {
    const found = this.#mapping.columns.emailVerified === undefined ? undefined : await this.#lookUps.row(id);
    return found !== undefined && this.#values.isVerified(found.row, username);
  }

  /** Writes into the column `emailVerified` that this name is proved, unless the user has another one now. */
  async setEmailVerified(id: string, username: string): Promise<void> {
    await setVerified(this.#database, this.#mapping, this.#values, id, username);
  }

  /**
   * Changes the roles (new ones replace all old ones), the disabled flag or both: `users.update(id, { roles: ['admin'] })`. Disabling
   * a user ends their sessions. Access tokens keep the old roles until the next refresh.
   * @returns whether there is such a user
   * @throws TypeError if the mapping has no column for it
   */
  async update(id: string, changes: { roles?: string[]; disabled?: boolean }): Promise<boolean> {
    const checked = checkedChanges(changes);
    const values = this.#values.forChanges(checked);
    const isChanged = await changeRow(this.#database, checkedUserId('update', id), () => values);
    if (isChanged && checked.disabled) await this.#userGone.notify(id);
    return isChanged;
  }

  /** Deletes a user with their identities and credentials, and ends their sessions. @returns whether there was such a user */
  async delete(id: string): Promise<boolean> {
    checkedUserId('delete', id);
    const isDeleted = await this.#database.write(id, async ({ rows, sql }) => {
      const locked = await rows.lock(id);
      if (this.#canBeId(id)) await clearUser(sql, this.#tables, id);
      if (locked) await rows.remove(id);
      return locked !== undefined;
    });
    // Even if the user was gone already, because an earlier call may have failed here.
    await this.#userGone.notify(id);
    return isDeleted;
  }

  async findByIdentity(identity: Identity): Promise<StoredUser | undefined> {
    return this.#lookUps.byIdentity(checkedIdentity(identity));
  }

  async findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser> {
    const checked = checkedIdentity(identity);
    const newUser = { ...checkedIdentityUser(user), passwordHash: null };
    const by = new Deadline();
    const known = await this.#lookUps.byIdentity(checked, by);
    if (known) return known;
    await this.#database.learnFacts(by);
    const { username, values } = await this.#values.forNewUser(newUser, undefined);
    const created = await this.#newRows.createFor(this.#identities, checked, username, values, by);
    return this.#values.toUser(created, by);
  }

  async link(userId: string, identity: Identity): Promise<boolean> {
    const checked = checkedIdentity(identity);
    checkedUserId('link', userId);
    return this.#database.write(userId, async (access) => {
      const locked = await access.rows.lock(userId);
      return locked !== undefined && this.#identities.link(access, userId, checked);
    });
  }

  async unlink(userId: string, identity: Identity): Promise<boolean> {
    const checked = checkedIdentity(identity);
    if (!this.#canBeId(checkedUserId('unlink', userId))) return false;
    return this.#database.write(undefined, (access) => this.#identities.unlink(access, userId, checked));
  }

  async listIdentities(userId: string): Promise<Identity[]> {
    if (!this.#canBeId(checkedUserId('listIdentities', userId))) return [];
    return this.#database.read((access) => this.#identities.list(access, userId));
  }

  credentials(): CredentialStore {
    return this.#credentials;
  }

  onUserGone(listener: UserGoneListener): () => void {
    return this.#userGone.add(listener);
  }

  #canBeId(id: string): boolean {
    return canBeOwnId(id, this.#source.dialect.padsTexts);
  }
}
