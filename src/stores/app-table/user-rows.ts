/** A row of the app's table, with the names that the mapping uses: columns of SQL, or fields of a model. */
export type Row = Record<string, unknown>;

/** A row, and its id as an exact text: a bigint that the app's driver rounds must not become another user. */
export interface FoundRow {
  readonly id: string;
  readonly row: Row;
}

/** The columns by which rows are found. */
export type KeyMember = 'id' | 'username' | 'usernameKey';

/** Which names a look-up asks for. All rows that may be meant are candidates: the caller compares their keys. */
export interface Spellings {
  /** Exact texts, for the column as it is. */
  readonly exact: readonly string[];
  /** For SQL's `lower(username)`, unless `TableFacts.asksLowered` says no. A backend that has no way to lower-case ignores them. */
  readonly lowered: readonly string[];
}

/**
 * What the store does with the rows of the app's table. Each library does it through its own query builder, so that the app's own
 * defaults and hooks hold.
 *
 * - An id is its exact text. A text that can't be an id of the table finds nobody, and is no error.
 * - Values are keyed by the names of the mapping. The value of the column of roles is a list of texts, that of `disabled` is true
 *   or false; the backend writes them as its column needs them.
 * - An error of the database is thrown as the library throws it: the dialect judges it.
 */
export interface UserRows {
  /** Rows whose column is one of the values, as the collation of the database compares. In no particular order. */
  find(member: KeyMember, values: readonly string[]): Promise<FoundRow[]>;
  /** Rows whose username is spelled in one of these ways. At most 100. */
  named(spellings: Spellings): Promise<FoundRow[]>;
  /**
   * Inside a transaction: locks the row until it ends, and returns the row as it is then. Waits in the server's line for a row that
   * another transaction has locked, no longer than a request may.
   */
  lock(id: string): Promise<FoundRow | undefined>;
  /** Inserts a row. @returns the row with the defaults that the database or the library has filled in */
  insert(values: Row): Promise<FoundRow>;
  /** Changes a row that is there and, as a rule, locked. */
  update(id: string, values: Row): Promise<void>;
  remove(id: string): Promise<void>;
  /** Rows after this username, sorted by it as the database sorts. `''` begins with the first. */
  page(afterUsername: string, limit: number): Promise<FoundRow[]>;
}
