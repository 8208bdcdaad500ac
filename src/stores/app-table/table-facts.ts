import type { ColumnFacts } from './dialects/dialect.js';
import type { AppDatabase } from './sql-database.js';

/** The database has no such table. */
export class MissingTableError extends TypeError {}

/** What the database says about the columns of the app's table. Asked once, when first needed. */
export class TableFacts {
  readonly #database: Pick<AppDatabase, 'dialect' | 'sql' | 'place'>;
  readonly #username: string | undefined;
  #areKnown = false;
  #columns: Promise<ReadonlyMap<string, ColumnFacts>> | undefined;
  #isQuick: Promise<boolean> | undefined;

  /** @param username the column of the mapping */
  constructor(database: Pick<AppDatabase, 'dialect' | 'sql' | 'place'>, username?: string) {
    this.#database = database;
    this.#username = username;
  }

  /** Asks for all that the rows may need. Inside a transaction it would need a second connection. */
  async load(): Promise<void> {
    await this.columns();
    if (this.#username !== undefined) await this.asksLowered(this.#username);
    this.#areKnown = true;
  }

  /** Whether they have been asked for, so that no further question is needed. */
  get areKnown(): boolean {
    return this.#areKnown;
  }

  /** Whoever needs them next asks again. */
  forget(): void {
    this.#columns = undefined;
    this.#isQuick = undefined;
  }

  /** By the names of the database. Empty where the library doesn't tell which table it is. @throws TypeError if there is no such table */
  columns(): Promise<ReadonlyMap<string, ColumnFacts>> {
    this.#columns ??= this.#load().catch((error: unknown) => {
      this.#columns = undefined;
      throw error;
    });
    return this.#columns;
  }

  /** @param mapped a name of the mapping */
  async column(mapped: string): Promise<ColumnFacts | undefined> {
    return (await this.columns()).get(this.#database.place?.columnName?.(mapped) ?? mapped);
  }

  /**
   * Whether look-ups ask for `lower(username)` too: not where the collation folds case, and not where that would read a large table at each
   * login.
   * @param mapped a name of the mapping
   */
  async asksLowered(mapped: string): Promise<boolean> {
    const column = await this.column(mapped);
    if (column?.foldsCase) return false;
    const { dialect, sql, place } = this.#database;
    if (!place || !column) return true;
    this.#isQuick ??= dialect.isQuickToLower(sql, place, column.name).catch((error: unknown) => {
      this.#isQuick = undefined;
      throw error;
    });
    return this.#isQuick;
  }

  async #load(): Promise<ReadonlyMap<string, ColumnFacts>> {
    const { dialect, sql, place } = this.#database;
    if (!place) return new Map();
    const columns = await dialect.columns(sql, place);
    if (columns.length > 0) return new Map(columns.map((each) => [each.name, each]));
    throw new MissingTableError(
      `${dialect.title} has no table ${place.table}${place.schema === undefined ? '' : ` in ${place.schema}`}: correct the option table, or call \`await store.migrate()\` if it is the store's own`,
    );
  }
}
