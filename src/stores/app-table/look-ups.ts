import { isKeepable } from '../../utils/keepable-text.js';
import type { Identity } from '../identity-store.js';
import type { ListUsersOptions } from '../list-users-options.js';
import { checkedPage } from '../user-arguments.js';
import type { StoredUser } from '../user-store.js';
import type { BoundedDatabase } from './bounded-database.js';
import { Deadline } from './deadline.js';
import type { Identities } from './identities.js';
import type { UserColumnValues } from './user-column-values.js';
import type { FoundRow } from './user-rows.js';
import { canBeUsername, type Usernames } from './usernames.js';

/** Finds users in the app's table. */
export class LookUps {
  readonly #database: BoundedDatabase;
  readonly #values: UserColumnValues;
  readonly #usernames: Usernames;
  readonly #identities: Identities;

  constructor(
    database: BoundedDatabase,
    values: UserColumnValues,
    usernames: Usernames,
    identities: Identities,
  ) {
    this.#database = database;
    this.#values = values;
    this.#usernames = usernames;
    this.#identities = identities;
  }

  async byUsername(username: string): Promise<StoredUser | undefined> {
    if (!isKeepable(username) || !canBeUsername(username)) return undefined;
    const by = new Deadline();
    const named = await this.#database.read((access) => this.#usernames.find(access, username), by);
    if (!named) return undefined;
    const { found, keep } = named;
    // Whoever comes next keeps it instead.
    if (keep) await this.#database.writeUnlessBusy(found.id, keep, by).catch(() => undefined);
    return this.#values.toUser(found, by);
  }

  async byId(id: string): Promise<StoredUser | undefined> {
    const by = new Deadline();
    const row = await this.row(id, by);
    return row && this.#values.toUser(row, by);
  }

  async row(id: string, by?: Deadline): Promise<FoundRow | undefined> {
    if (!isKeepable(id)) return undefined;
    const found = await this.#database.read(({ rows }) => rows.find('id', [id]), by);
    return found.find((each) => each.id === id);
  }

  /** @throws RangeError as `list` of the store does */
  async page(options: ListUsersOptions): Promise<StoredUser[]> {
    const { limit, after } = checkedPage(options);
    const by = new Deadline();
    const rows = await this.#database.read((access) => access.rows.page(after, limit), by);
    return Promise.all(rows.map((row) => this.#values.toUser(row, by)));
  }

  async byIdentity(identity: Identity, by = new Deadline()): Promise<StoredUser | undefined> {
    const found = await this.#database.read((access) => this.#identities.findUser(access, identity), by);
    return found && this.#values.toUser(found, by);
  }
}
