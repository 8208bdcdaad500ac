import type { Row } from './user-rows.js';

/**
 * SQL for our own tables beside the app's. Values stand as `?` in the text, which has no other `?`. They are texts, numbers and
 * null.
 */
export interface SqlStatements {
  /** @returns the rows, keyed by the column names of the statement */
  query(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** @returns how many rows it inserted, changed or deleted */
  execute(text: string, values?: readonly unknown[]): Promise<number>;
}

/** Where the table is, as the database knows it. For looking at its columns and indexes. */
export interface TablePlace {
  /** The table's own name, not a model's. */
  readonly table: string;
  /** Default: where the connection finds it. */
  readonly schema?: string | undefined;
  /** The database's name for a name of the mapping. Default: the same. */
  columnName?(mapped: string): string;
}

/**
 * What an error means for the caller: `taken`, a unique index refuses the row; `rolled-back`, a deadlock or a conflict, which is tried
 * again; `unfit`, a column or its database has a character set that doesn't know a text; `outage`, a 503; `schema`, a table or a column is missing; `mistake`, an error of the program.
 */
export type ErrorKind = 'taken' | 'rolled-back' | 'unfit' | 'outage' | 'schema' | 'mistake';
