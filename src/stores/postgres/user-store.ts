import type { z } from 'zod';
import { lazySchema } from '../../utils/lazy-schema.js';
import { parseCall } from '../../utils/parse-call.js';
import { AppTableUserStore } from '../app-table/app-table-user-store.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import { sqlTable, type SqlTableOptions } from '../app-table/sql-table-options.js';
import type { CredentialStore } from '../credential-store.js';
import type { Identity, IdentityStore } from '../identity-store.js';
import type { ListUsersOptions } from '../list-users-options.js';
import type {
  NewUser,
  StoredUser,
  UserGoneListener,
  UserStore,
  UserStoreReadyOptions,
} from '../user-store.js';
import { postgresAppDatabase } from './app-database.js';
import { checkedPostgresClient, type PostgresClient } from './client.js';
import { PostgresOwnUsers } from './own-user-store.js';

/**
 * The options of `new PostgresUserStore`. Without `columns`, the store has tables of its own, whose names are in lower case,
 * optionally with their schema. With `columns`, the users are in your table as it is.
 */
export interface PostgresUserStoreOptions extends SqlTableOptions {
  /** The table of users. Default: `visa_users`. With `columns`: your table, as PostgreSQL has its name (`Account`, `app.accounts`). */
  table?: string | undefined;
  /**
   * Not with `columns`: the table that says which user an identity of another provider belongs to. Default: `visa_identities`, or
   * `<table>_identities` if you set `table`.
   */
  identitiesTable?: string | undefined;
  /**
   * Not with `columns`: the table of what users have besides a password, such as passkeys. Default: `visa_credentials`, or
   * `<table>_credentials` if you set `table`.
   */
  credentialsTable?: string | undefined;
}

const namesSchema = lazySchema((zod: typeof z) =>
  zod.strictObject({
    table: zod.string().optional(),
    identitiesTable: zod.string().optional(),
    credentialsTable: zod.string().optional(),
    columns: zod.undefined({ error: 'must be an object' }).optional(),
  }),
);

const CALL = 'new PostgresUserStore()';
const ONLY_WITH_COLUMNS = ['roles', 'fields', 'prefix'] as const;
const NOT_WITH_COLUMNS = ['identitiesTable', 'credentialsTable'] as const;

/** Users in a table of PostgreSQL: a table of the store's own, or, with the option `columns`, yours. */
export class PostgresUserStore implements UserStore, IdentityStore {
  readonly #store: PostgresOwnUsers | AppTableUserStore;
  /** With `columns`, `create(user, fields)` fills columns of your table with the fields of a registration. */
  readonly takesFields: boolean;

  /** Uses your client, and never closes it. Does not connect. @throws TypeError for a wrong client or option */
  constructor(client: PostgresClient, options: PostgresUserStoreOptions = {}) {
    const { columns } = options as Partial<PostgresUserStoreOptions>;
    this.takesFields = columns !== undefined;
    this.#store = columns === undefined ? ownUsers(client, options) : appUsers(client, options);
  }

  /** The SQL that `migrate` runs. It is one statement, which is safe to run again. */
  get schema(): string {
    return this.#store.schema;
  }

  /**
   * Creates the tables and indexes that are missing. Safe to run again, and in several processes at once. With `columns`, it creates
   * the tables beside yours, and keeps the `usernameKey` of each user who is there.
   */
  migrate(): Promise<void> {
    return this.#store.migrate();
  }

  /**
   * With `columns`, looks at your table and at the tables beside it. `auth.ready()` calls it.
   * @throws Error that names what is missing or wrong, with the SQL that cures it
   */
  async ready(options?: UserStoreReadyOptions): Promise<void> {
    if (this.#store instanceof AppTableUserStore) await this.#store.ready(options);
  }

  findByUsername(username: string): Promise<StoredUser | undefined> {
    return this.#store.findByUsername(username);
  }

  findById(id: string): Promise<StoredUser | undefined> {
    return this.#store.findById(id);
  }

  /**
   * One page of the users, sorted by `usernameKey`: `users.list({ limit: 50, after: 'ann' })`. With `columns`, sorted by the username
   * as the database sorts it.
   * @throws RangeError if `limit` is not a whole number from 1 to 1000
   */
  list(options: ListUsersOptions = {}): Promise<StoredUser[]> {
    return this.#store.list(options);
  }

  /**
   * Inserts a user.
   * @param fields with `columns`: further columns. They never replace what a column of the mapping gets
   */
  create(user: NewUser, fields?: unknown): Promise<StoredUser> {
    return this.#store.create(user, fields as undefined);
  }

  updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean> {
    return this.#store.updatePasswordHash(id, next, previous);
  }

  updateUsername(id: string, next: string, previous: string): Promise<boolean> {
    return this.#store.updateUsername(id, next, previous);
  }

  /** With `columns.emailVerified`: whether it says so of this name. False without that column. */
  async isEmailVerified(id: string, username: string): Promise<boolean> {
    const store = this.#store;
    return store instanceof AppTableUserStore && store.isEmailVerified(id, username);
  }

  /** With `columns.emailVerified`: writes that this name is proved, unless the user has another one now. */
  async setEmailVerified(id: string, username: string): Promise<void> {
    if (this.#store instanceof AppTableUserStore) await this.#store.setEmailVerified(id, username);
  }

  /**
   * Changes the roles (new ones replace all old ones), the disabled flag or both: `users.update(id, { roles: ['admin'] })`. Disabling
   * a user ends their sessions. Access tokens keep the old roles until the next refresh.
   * @returns whether there is such a user
   * @throws TypeError with `columns` that name no column for it
   */
  update(id: string, changes: { roles?: string[]; disabled?: boolean }): Promise<boolean> {
    return this.#store.update(id, changes);
  }

  /** Deletes a user with their identities and credentials, and ends their sessions. @returns whether there was such a user */
  delete(id: string): Promise<boolean> {
    return this.#store.delete(id);
  }

  findByIdentity(identity: Identity): Promise<StoredUser | undefined> {
    return this.#store.findByIdentity(identity);
  }

  findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser> {
    return this.#store.findOrCreate(identity, user);
  }

  link(userId: string, identity: Identity): Promise<boolean> {
    return this.#store.link(userId, identity);
  }

  unlink(userId: string, identity: Identity): Promise<boolean> {
    return this.#store.unlink(userId, identity);
  }

  listIdentities(userId: string): Promise<Identity[]> {
    return this.#store.listIdentities(userId);
  }

  credentials(): CredentialStore {
    return this.#store.credentials();
  }

  onUserGone(listener: UserGoneListener): () => void {
    return this.#store.onUserGone(listener);
  }
}

function ownUsers(client: PostgresClient, options: PostgresUserStoreOptions): PostgresOwnUsers {
  const unused = ONLY_WITH_COLUMNS.find((name) => options[name] !== undefined);
  if (unused !== undefined)
    throw new TypeError(`${CALL}: ${unused} needs columns too: say which columns of your table hold what`);
  return new PostgresOwnUsers(client, parseCall(CALL, namesSchema(), options));
}

function appUsers(client: PostgresClient, options: PostgresUserStoreOptions): AppTableUserStore {
  const unused = NOT_WITH_COLUMNS.find((name) => options[name] !== undefined);
  if (unused !== undefined)
    throw new TypeError(`${CALL}: with columns, name the tables beside yours by prefix, not by ${unused}`);
  const { mapping, place } = sqlTable(CALL, POSTGRES, options);
  const { database, facts } = postgresAppDatabase(checkedPostgresClient(client), place, mapping);
  return new AppTableUserStore(database, mapping, facts);
}
