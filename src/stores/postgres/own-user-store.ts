import { UsernameTakenError } from '../../errors.js';
import { usernameKey } from '../../utils/username.js';
import { UNIQUE_VIOLATION } from '../app-table/dialects/postgres-states.js';
import {
  BoundedPostgres,
  checkedTableName,
  isUnfit,
  lockWaitIsBounded,
  migration,
  sqlState,
  type PostgresClient,
} from './client.js';
import { DEFAULT_USERS_TABLE } from './default-tables.js';
import { PostgresCredentialStore } from './credentials.js';
import { identityStatements } from './identity-sql.js';
import { COLUMNS, STORED_COLUMNS, toUser, type UserRow } from './user-row.js';
import type { CredentialStore } from '../credential-store.js';
import { checkedIdentity, type Identity, type IdentityStore } from '../identity-store.js';
import { unfitPage, type ListUsersOptions } from '../list-users-options.js';
import { newUsername, usernameRefused } from '../new-username.js';
import {
  checkedChanges,
  checkedIdentityUser,
  checkedNewUser,
  checkedPage,
  checkedRename,
  checkedUserId,
} from '../user-arguments.js';
import { isKeepable } from '../../utils/keepable-text.js';
import { UserGoneListeners } from '../user-gone-listeners.js';
import type { NewUser, StoredUser, UserGoneListener, UserStore } from '../user-store.js';

/** The names of the tables. */
export interface OwnTableNames {
  table?: string | undefined;
  identitiesTable?: string | undefined;
  credentialsTable?: string | undefined;
}

/**
 * Users in a table of the store's own. Usernames are unique by their `usernameKey`, which has its own column and index. Each call is one
 * statement.
 */
export class PostgresOwnUsers implements UserStore, IdentityStore {
  readonly #postgres: BoundedPostgres;
  readonly #table: string;
  readonly #identities: ReturnType<typeof identityStatements>;
  readonly #credentials: PostgresCredentialStore;
  readonly #userGone = new UserGoneListeners();

  /** Uses your client, and never closes it. Does not connect. @throws TypeError for a table name that isn't allowed */
  constructor(client: PostgresClient, options: OwnTableNames) {
    this.#postgres = new BoundedPostgres(client);
    const prefix = options.table ?? 'visa';
    this.#table = checkedTableName('table', options.table ?? DEFAULT_USERS_TABLE);
    this.#identities = identityStatements(
      checkedTableName('identitiesTable', options.identitiesTable ?? `${prefix}_identities`),
      this.#table,
      { stored: STORED_COLUMNS, read: COLUMNS },
    );
    this.#credentials = new PostgresCredentialStore(
      this.#postgres,
      // A name of ours needs no check: it is longer than a name of the app's may be, and still one that PostgreSQL takes.
      options.credentialsTable === undefined
        ? `${prefix}_credentials`
        : checkedTableName('credentialsTable', options.credentialsTable),
      this.#table,
    );
  }

  /** The SQL that `migrate` runs. It is one statement, which is safe to run again. */
  get schema(): string {
    return migration(`
      CREATE TABLE IF NOT EXISTS ${this.#table} (
        id            text PRIMARY KEY DEFAULT gen_random_uuid()::text,
        username      text NOT NULL,
        username_key  text NOT NULL UNIQUE,
        password_hash text,
        roles         text[] NOT NULL DEFAULT '{}',
        disabled      boolean NOT NULL DEFAULT false,
        created_at    timestamptz NOT NULL DEFAULT now()
      );
      ${this.#identities.schema.trim()}
      ${this.#credentials.schema}`);
  }

  /** Creates the tables and indexes that are missing. Safe to run again, and in several processes at once. */
  async migrate(): Promise<void> {
    await this.#postgres.migrate(this.schema);
  }

  findByUsername(username: string): Promise<StoredUser | undefined> {
    return this.#findOne(`SELECT ${COLUMNS} FROM ${this.#table} WHERE username_key = $1`, [
      usernameKey(username),
    ]);
  }

  findById(id: string): Promise<StoredUser | undefined> {
    return this.#findOne(`SELECT ${COLUMNS} FROM ${this.#table} WHERE id = $1`, [id]);
  }

  /**
   * One page of the users, sorted by `usernameKey`: `users.list({ limit: 50, after: 'ann' })`.
   * @throws RangeError if `limit` is not a whole number from 1 to 1000
   */
  async list(options: ListUsersOptions = {}): Promise<StoredUser[]> {
    const { limit, after } = checkedPage(options);
    const key = usernameKey(after);
    const select = `SELECT ${COLUMNS} FROM ${this.#table} WHERE username_key > $1 ORDER BY username_key LIMIT $2`;
    const reading = this.#postgres.query<UserRow>(select, [key, limit]);
    const rows = await reading.catch(async (error: unknown) => {
      throw isUnfit(error) && !(await this.#postgres.holds([key])) ? unfitPage() : error;
    });
    return rows.map(toUser);
  }

  async create(user: NewUser, fields?: undefined): Promise<StoredUser> {
    const { username, passwordHash, roles = [] } = checkedNewUser(user, fields);
    const insert = `INSERT INTO ${this.#table} (username, username_key, password_hash, roles)
      VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`;
    const values = [newUsername(username), usernameKey(username), passwordHash, roles];
    return (await this.#findOne(insert, values, []).catch(this.#takenOr(username))) as StoredUser;
  }

  async updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean> {
    const user = await this.#findOne(
      `UPDATE ${this.#table} SET password_hash = $2
        WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $3::text AND ${lockWaitIsBounded()} RETURNING ${COLUMNS}`,
      [id, next, previous],
    );
    return user !== undefined;
  }

  async updateUsername(id: string, next: string, previous: string): Promise<boolean> {
    const rename = checkedRename(id, next, previous);
    const update = `UPDATE ${this.#table} SET username = $2, username_key = $3
      WHERE id = $1 AND username = $4 AND ${lockWaitIsBounded()} RETURNING ${COLUMNS}`;
    const values = [rename.id, rename.name, rename.key, rename.previous];
    const about = [rename.id, rename.previous];
    return (await this.#findOne(update, values, about).catch(this.#takenOr(rename.name))) !== undefined;
  }

  /**
   * Changes the roles (new ones replace all old ones), the disabled flag or both: `users.update(id, { roles: ['admin'] })`. Disabling
   * a user ends their sessions. Access tokens keep the old roles until the next refresh.
   * @returns whether there is such a user
   */
  async update(id: string, changes: { roles?: string[]; disabled?: boolean }): Promise<boolean> {
    const { roles = null, disabled = null } = checkedChanges(changes);
    const user = await this.#findOne(
      `UPDATE ${this.#table} SET roles = coalesce($2::text[], roles), disabled = coalesce($3::boolean, disabled)
        WHERE id = $1 AND ${lockWaitIsBounded()} RETURNING ${COLUMNS}`,
      [checkedUserId('update', id), roles, disabled],
    );
    if (user && disabled) await this.#userGone.notify(id);
    return user !== undefined;
  }

  /** Deletes a user with their identities and credentials, and ends their sessions. @returns whether there was such a user */
  async delete(id: string): Promise<boolean> {
    const statement = `DELETE FROM ${this.#table} WHERE id = $1 AND ${lockWaitIsBounded()} RETURNING ${COLUMNS}`;
    const user = await this.#findOne(statement, [checkedUserId('delete', id)]);
    // Even if the user was gone already, because an earlier call may have failed here.
    await this.#userGone.notify(id);
    return user !== undefined;
  }

  findByIdentity(identity: Identity): Promise<StoredUser | undefined> {
    const { issuer, subject } = checkedIdentity(identity);
    return this.#findOne(this.#identities.findUser, [issuer, subject], [issuer, subject]);
  }

  async findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser> {
    const { issuer, subject } = checkedIdentity(identity);
    const { username, roles = [] } = checkedIdentityUser(user);
    const found = await this.findByIdentity(identity);
    if (found) return found;
    const values = [newUsername(username), usernameKey(username), roles, issuer, subject];
    try {
      return (await this.#findOne(this.#identities.createUser, values, [])) as StoredUser;
    } catch (error) {
      // A parallel call has created a user for this identity, or the username is taken.
      const winner = sqlState(error) === UNIQUE_VIOLATION ? await this.findByIdentity(identity) : undefined;
      return winner ?? this.#takenOr(username)(error);
    }
  }

  async link(userId: string, identity: Identity): Promise<boolean> {
    const { issuer, subject } = checkedIdentity(identity);
    const values = [issuer, subject, checkedUserId('link', userId)];
    return (await this.#postgres.lookUp([userId], this.#identities.link, values)).length > 0;
  }

  async unlink(userId: string, identity: Identity): Promise<boolean> {
    const { issuer, subject } = checkedIdentity(identity);
    const values = [issuer, subject, checkedUserId('unlink', userId)];
    return (await this.#postgres.lookUp(values, this.#identities.unlink, values)).length > 0;
  }

  async listIdentities(userId: string): Promise<Identity[]> {
    const values = [checkedUserId('listIdentities', userId)];
    return this.#postgres.lookUp<Identity>(values, this.#identities.list, values);
  }

  credentials(): CredentialStore {
    return this.#credentials;
  }

  onUserGone(listener: UserGoneListener): () => void {
    return this.#userGone.add(listener);
  }

  /** @param about the texts by which it looks. Default: the first of the values */
  async #findOne(
    text: string,
    values: unknown[],
    about: readonly unknown[] = values.slice(0, 1),
  ): Promise<StoredUser | undefined> {
    // PostgreSQL refuses a NUL, and takes every lone surrogate for U+FFFD. No row has either.
    if (values.some((value) => typeof value === 'string' && !isKeepable(value))) return undefined;
    const [row] = await this.#postgres.lookUp<UserRow>(about, text, values);
    return row && toUser(row);
  }

  /** For a statement that gives a user a name. */
  #takenOr(username: string) {
    return async (error: unknown): Promise<never> => {
      if (sqlState(error) === UNIQUE_VIOLATION) throw new UsernameTakenError({ cause: error });
      const isHeld = !isUnfit(error) || (await this.#postgres.holds([username, usernameKey(username)]));
      throw isHeld ? error : usernameRefused('unsupportedCharacters');
    };
  }
}
