import type { ColumnFacts, Dialect } from './dialects/dialect.js';
import { insertedRow, withId } from './inserted-row.js';
import { quotedTable } from './quoted-table.js';
import type { SqlStatements, TablePlace } from './sql-statements.js';
import type { TableFacts } from './table-facts.js';
import type { FoundRow, KeyMember, Row, Spellings, UserRows } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';
import { canBeId } from './values.js';

/** Under this name a query returns the id as an exact text. One word, which no naming convention of a library changes. */
export const EXACT_ID = 'visaid';
const MAX_CANDIDATES = 100;

/** Which rows a query is about. */
export interface RowQuery {
  readonly column: string;
  /** Rows whose column is one of these. */
  readonly is?: readonly unknown[];
  /** Or whose column is one of these in lower case. Empty: no such row. */
  readonly lowered?: readonly string[];
  /** Rows whose column comes after this text, in the order of the column. */
  readonly after?: string;
  readonly limit?: number;
  /** Locks the rows until the transaction ends. */
  readonly lock?: boolean;
}

/**
 * The queries on the app's table, as a library builds them. Columns and values have the names of the mapping, and the rows too. A row
 * has its id as a text under `EXACT_ID` where the library may round it.
 */
export interface TableQueries {
  select(query: RowQuery): Promise<Row[]>;
  /** @returns the row, or undefined where the database returns none */
  insert(values: Row): Promise<Row | undefined>;
  update(column: string, id: unknown, values: Row): Promise<unknown>;
  remove(column: string, id: unknown): Promise<unknown>;
}

/** What all connections to one table share. */
export interface BuiltTable {
  readonly dialect: Dialect;
  readonly mapping: UserMapping;
  readonly facts: TableFacts;
  /** The table of a library that can't say how long to wait for a locked row. A statement of ours locks it first, where that matters. */
  readonly lockedFirst?: TablePlace;
  /** Where the library fills in ids that the database doesn't. */
  readonly fillsIds?: boolean;
  /** A value as the library takes it for the column. Default: as drivers take it. */
  readonly encoded?: (mapped: string, value: unknown, facts: ColumnFacts | undefined) => unknown;
}

/** The app's rows through the query builder of a library. */
export class BuiltRows implements UserRows {
  readonly #table: BuiltTable;
  readonly #queries: TableQueries;
  readonly #sql: SqlStatements;

  constructor(table: BuiltTable, queries: TableQueries, sql: SqlStatements) {
    this.#table = table;
    this.#queries = queries;
    this.#sql = sql;
  }

  async find(member: KeyMember, values: readonly string[]): Promise<FoundRow[]> {
    const column = this.#columns[member] as string;
    if (member !== 'id') return this.#select({ column, is: values });
    const ids = await Promise.all(values.map((id) => this.#idValue(id)));
    const possible = ids.filter((id) => id !== undefined);
    return possible.length === 0 ? [] : this.#select({ column, is: possible });
  }

  async named({ exact, lowered }: Spellings): Promise<FoundRow[]> {
    const column = this.#columns.username;
    const asked = (await this.#table.facts.asksLowered(column)) ? lowered : [];
    return this.#select({ column, is: exact, lowered: asked, limit: MAX_CANDIDATES });
  }

  async lock(id: string): Promise<FoundRow | undefined> {
    const value = await this.#idValue(id);
    if (value === undefined) return undefined;
    await this.#lockFirst(value);
    const found = await this.#select({ column: this.#columns.id, is: [value], lock: true });
    return found.find((each) => each.id === id);
  }

  /** In PostgreSQL a setting of the transaction limits the wait. */
  async #lockFirst(id: string | bigint): Promise<void> {
    const { dialect, lockedFirst: place } = this.#table;
    if (!place || dialect.name !== 'mysql') return;
    const column = dialect.quoted(place.columnName?.(this.#columns.id) ?? this.#columns.id);
    const select = dialect.selectForUpdate(`1 FROM ${quotedTable(dialect, place)} WHERE ${column} = ?`);
    await this.#sql.query(select, [id]);
  }

  async insert(values: Row): Promise<FoundRow> {
    const all = this.#table.fillsIds ? values : await withId(this.#table, values);
    const row = await this.#queries.insert(await this.#encoded(all));
    return row ? this.#found(row) : insertedRow(this.#table, this, this.#sql, all);
  }

  async update(id: string, values: Row): Promise<void> {
    const value = await this.#idValue(id);
    if (value !== undefined) await this.#queries.update(this.#columns.id, value, await this.#encoded(values));
  }

  async remove(id: string): Promise<void> {
    const value = await this.#idValue(id);
    if (value !== undefined) await this.#queries.remove(this.#columns.id, value);
  }

  page(after: string, limit: number): Promise<FoundRow[]> {
    return this.#select({ column: this.#columns.username, after, limit });
  }

  async #select(query: RowQuery): Promise<FoundRow[]> {
    return (await this.#queries.select(query)).map((row) => this.#found(row));
  }

  #found({ [EXACT_ID]: exact, ...row }: Row): FoundRow {
    const column = this.#columns.id;
    const id = String(exact ?? row[column]);
    if (String(row[column]) !== id) row[column] = id;
    return { id, row };
  }

  async #encoded(values: Row): Promise<Row> {
    const { facts, encoded = this.#forDriver } = this.#table;
    const entries = Object.entries(values).map(
      async ([name, value]) => [name, encoded(name, value, await facts.column(name))] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  readonly #forDriver = (name: string, value: unknown, column: ColumnFacts | undefined): unknown => {
    if (name === this.#columns.roles) return column?.kind === 'texts' ? value : JSON.stringify(value);
    // SQLite has no booleans, and its drivers take none.
    if (typeof value === 'boolean')
      return column?.kind === 'boolean' && this.#table.dialect.name !== 'sqlite' ? value : Number(value);
    return value;
  };

  /** A number for a column of numbers: MySQL compares a text with a bigint as floating-point numbers. Undefined: no id of the table. */
  async #idValue(id: string): Promise<string | bigint | undefined> {
    const { dialect, facts } = this.#table;
    const column = await facts.column(this.#columns.id);
    if (!canBeId(id, column, dialect)) return undefined;
    return column?.kind === 'integer' || column?.kind === 'bigint' ? BigInt(id) : id;
  }

  get #columns() {
    return this.#table.mapping.columns;
  }
}
