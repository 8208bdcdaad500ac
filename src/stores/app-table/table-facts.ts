import type { ColumnFacts } from './dialects/dialect.js';
import type { AppDatabase } from './sql-database.js';

/** What the database says about the columns of the app's table. Asked once, when first needed. */
export class TableFacts {
  readonly #database: Pick<AppDatabase, 'dialect' | 'sql' | 'place'>;
  #columns: Promise<ReadonlyMap<string, ColumnFacts>> | undefined;

  constructor(database: Pick<AppDatabase, 'dialect' | 'sql' | 'place'>) {
    this.#database = database;
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

  async #load(): Promise<ReadonlyMap<string, ColumnFacts>> {
    const { dialect, sql, place } = this.#database;
    if (!place) return new Map();
    const columns = await dialect.columns(sql, place);
    if (columns.length > 0) return new Map(columns.map((each) => [each.name, each]));
    throw new TypeError(
      `${dialect.title} has no table ${place.table}${place.schema === undefined ? '' : ` in ${place.schema}`}`,
    );
  }
}
