import { isAscii } from '../../utils/ascii.js';
import { usernameKey } from '../../utils/username.js';
import type { Dialect } from './dialects/dialect.js';
import type { TableAccess } from './sql-database.js';
import type { FoundRow, Row } from './user-rows.js';
import { byId, keyIn, rowsNamed, taken, type NamedRow, type Usernames } from './usernames.js';

/** The keys in a unique column of the app's table. */
export class KeyColumn implements Usernames {
  readonly #dialect: Dialect;
  readonly #column: string;
  readonly #username: string;

  constructor(dialect: Dialect, column: string, username: string) {
    this.#dialect = dialect;
    this.#column = column;
    this.#username = username;
  }

  async find(access: TableAccess, username: string): Promise<NamedRow | undefined> {
    const { owner, stale, named } = await this.#look(access, username);
    if (owner) return { found: owner, keep: undefined };
    const [found] = named;
    return found && { found, keep: (writing) => this.#keepInRow(writing, found, stale) };
  }

  async reserve(access: TableAccess, username: string, userId?: string): Promise<void> {
    const { owner, stale, named } = await this.#look(access, username);
    if ([...(owner ? [owner] : []), ...named].some(({ id }) => id !== userId)) taken();
    for (const each of stale) if (each.id !== userId) await this.#correct(access, each);
  }

  async assign(): Promise<void> {
    // The row has been inserted with its key.
  }

  async release(): Promise<void> {
    // The row has got its new key.
  }

  values(key: string): Row {
    return { [this.#column]: key };
  }

  async adopt(access: TableAccess, found: readonly FoundRow[]): Promise<string[]> {
    const homeless: string[] = [];
    for (const { id, row } of found) {
      const key = keyIn(row, this.#username);
      if (key === undefined || row[this.#column] === key) continue;
      if (!(await this.#adopt(access, { id, row }, key))) homeless.push(id);
    }
    return homeless;
  }

  /** @returns false if another row has the key. A row whose key the column can't hold is found by the name in it. */
  async #adopt(access: TableAccess, found: FoundRow, key: string): Promise<boolean> {
    try {
      const owners = await access.rows.find('usernameKey', [key]);
      if (owners.some((each) => keyIn(each.row, this.#username) === key)) return false;
      await this.#keep(access, found, owners);
    } catch (error) {
      if (isAscii(key) || this.#dialect.kindOfError(error) !== 'unfit') throw error;
    }
    return true;
  }

  /** The row that has the key; rows whose key isn't that of their name; rows whose name has the key. */
  async #look({ rows }: TableAccess, username: string) {
    const key = usernameKey(username);
    const kept = (await rows.find('usernameKey', [key])).filter(({ row }) => row[this.#column] === key);
    const named = await rowsNamed(rows, username, this.#username);
    const [owner] = kept.filter(({ row }) => keyIn(row, this.#username) === key).sort(byId);
    return { owner, stale: kept.filter((each) => each !== owner), named };
  }

  /** The app may have changed the rows meanwhile. */
  async #keepInRow({ rows }: TableAccess, found: FoundRow, stale: readonly FoundRow[]): Promise<void> {
    for (const each of [...stale, found]) {
      const locked = await rows.lock(each.id);
      if (locked) await this.#correct({ rows }, locked);
    }
  }

  async #keep(access: TableAccess, { id, row }: FoundRow, stale: readonly FoundRow[]): Promise<void> {
    for (const each of stale) await this.#correct(access, each);
    await access.rows.update(id, this.values(keyIn(row, this.#username) as string));
  }

  async #correct({ rows }: Pick<TableAccess, 'rows'>, { id, row }: FoundRow): Promise<void> {
    await rows.update(id, { [this.#column]: keyIn(row, this.#username) ?? null });
  }
}
