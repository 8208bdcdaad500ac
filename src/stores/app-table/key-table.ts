import { usernameKey } from '../../utils/username.js';
import { usernameRefused } from '../new-username.js';
import type { Dialect } from './dialects/dialect.js';
import type { TableAccess } from './sql-database.js';
import type { FoundRow } from './user-rows.js';
import { byId, keyIn, rowsNamed, taken, type NamedRow, type Usernames } from './usernames.js';

/** In place of the user's id, until the row has been inserted. Never seen by another transaction. */
const NOBODY_YET = '';

/** The keys in a table of ours beside the app's. */
export class KeyTable implements Usernames {
  readonly #dialect: Dialect;
  readonly #table: string;
  readonly #username: string;

  /** @param username the app's column */
  constructor(dialect: Dialect, table: string, username: string) {
    this.#dialect = dialect;
    this.#table = table;
    this.#username = username;
  }

  async find(access: TableAccess, username: string): Promise<NamedRow | undefined> {
    const key = usernameKey(username);
    const keptId = await this.#keptId(access, key);
    // Asked even where the key is kept: otherwise the time would tell whether there is such a user.
    const named = await rowsNamed(access.rows, username, this.#username);
    const owner = await this.#owner(access, key, keptId, named);
    if (owner) return { found: owner, keep: undefined };
    const [found] = named;
    return found && { found, keep: (writing) => this.#keep(writing, key, found.id, keptId) };
  }

  async reserve(access: TableAccess, username: string, userId = NOBODY_YET): Promise<void> {
    const key = usernameKey(username);
    if ((await this.#insert(access, [[key, userId]]).catch(this.#refused)) === 0) {
      const keptId = await this.#keptId(access, key);
      const named = await rowsNamed(access.rows, username, this.#username);
      const owner = await this.#owner(access, key, keptId, named);
      if (owner && owner.id !== userId) taken();
      if (keptId !== userId && !(await this.#replace(access, key, userId, keptId))) taken();
    }
    const others = await rowsNamed(access.rows, username, this.#username);
    if (others.some(({ id }) => id !== userId)) taken();
  }

  async assign(access: TableAccess, key: string, userId: string): Promise<void> {
    await this.#replace(access, key, userId, NOBODY_YET);
  }

  async release({ sql }: TableAccess, key: string, userId: string): Promise<void> {
    await sql.execute(`DELETE FROM ${this.#table} WHERE username_key = ? AND user_id = ?`, [key, userId]);
  }

  values(): Record<string, never> {
    return {};
  }

  async adopt(access: TableAccess, found: readonly FoundRow[]): Promise<string[]> {
    const named = await this.#insertFitting(
      access,
      found.flatMap((each) => {
        const key = keyIn(each.row, this.#username);
        return key === undefined ? [] : [{ key, id: each.id }];
      }),
    );
    if (named.length === 0) return [];
    const kept = await access.sql.query(
      `SELECT username_key, user_id FROM ${this.#table} WHERE username_key IN (${named.map(() => '?').join(', ')})`,
      named.map(({ key }) => key),
    );
    const ids = new Map(kept.map((row) => [row['username_key'], String(row['user_id'])]));
    const homeless: string[] = [];
    for (const { key, id } of named.filter((each) => ids.get(each.key) !== each.id)) {
      const keptId = ids.get(key);
      if (await this.#owner(access, key, keptId, [])) homeless.push(id);
      else await this.#keep(access, key, id, keptId);
    }
    return homeless;
  }

  /** The row that has the key, unless the key is stale. */
  async #owner(
    { rows }: TableAccess,
    key: string,
    keptId: string | undefined,
    named: readonly FoundRow[],
  ): Promise<FoundRow | undefined> {
    if (keptId === undefined || keptId === NOBODY_YET) return undefined;
    const candidates = [
      ...named,
      ...(named.some(({ id }) => id === keptId) ? [] : await rows.find('id', [keptId])),
    ];
    return candidates.sort(byId).find(({ id, row }) => id === keptId && keyIn(row, this.#username) === key);
  }

  async #keptId({ sql }: TableAccess, key: string): Promise<string | undefined> {
    const [kept] = await sql.query(`SELECT user_id FROM ${this.#table} WHERE username_key = ?`, [key]);
    return kept && String(kept['user_id']);
  }

  async #keep(access: TableAccess, key: string, id: string, keptId: string | undefined): Promise<void> {
    if (keptId === undefined) await this.#insert(access, [[key, id]]);
    else await this.#replace(access, key, id, keptId);
  }

  #insert({ sql }: TableAccess, entries: readonly (readonly [key: string, id: string])[]): Promise<number> {
    return sql.execute(
      this.#dialect.insertNew(this.#table, ['username_key', 'user_id'], entries.length),
      entries.flat(),
    );
  }

  /** @returns those whose key the table can hold. The others are found by the name in their row */
  async #insertFitting(
    access: TableAccess,
    entries: readonly { key: string; id: string }[],
  ): Promise<readonly { key: string; id: string }[]> {
    if (entries.length === 0) return [];
    try {
      await this.#insert(access, entries.map(({ key, id }) => [key, id])); // prettier-ignore
      return entries;
    } catch (error) {
      if (!this.#isUnfit(error)) throw error;
      if (entries.length === 1) return [];
      const middle = Math.ceil(entries.length / 2);
      const halves = [entries.slice(0, middle), entries.slice(middle)];
      const kept: { key: string; id: string }[] = [];
      for (const half of halves) kept.push(...(await this.#insertFitting(access, half)));
      return kept;
    }
  }

  /** In PostgreSQL the table has the encoding of the database, which may not know the characters of the key. */
  readonly #refused = (error: unknown): never => {
    throw this.#isUnfit(error) ? usernameRefused('unsupportedCharacters') : error;
  };

  #isUnfit(error: unknown): boolean {
    return this.#dialect.kindOfError(error) === 'unfit';
  }

  async #replace(
    { sql }: TableAccess,
    key: string,
    id: string,
    keptId: string | undefined,
  ): Promise<boolean> {
    const update = `UPDATE ${this.#table} SET user_id = ? WHERE username_key = ? AND user_id = ?`;
    return (await sql.execute(update, [id, key, keptId ?? NOBODY_YET])) > 0;
  }
}
