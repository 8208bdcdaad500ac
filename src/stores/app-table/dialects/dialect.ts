import type { ErrorKind, SqlStatements, TablePlace } from '../sql-statements.js';

/** A column of the app's table, as the database describes it. */
export interface ColumnFacts {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The type as the database writes it. */
  readonly type: string;
  readonly nullable: boolean;
  /** Has a default, counts up, or is computed: an INSERT need not name it. */
  readonly hasDefault: boolean;
  /** Whether the database counts it up: AUTO_INCREMENT. */
  readonly countsUp: boolean;
  /** Whether the collation takes `Ann` and `ann` for one text. */
  readonly foldsCase: boolean;
  /** For texts. Undefined: no limit. */
  readonly maxLength: number | undefined;
}

/** `integer` is of at most 32 bits, `number` any other number, `time` a moment or a day. */
export type ColumnKind =
  'integer' | 'bigint' | 'number' | 'boolean' | 'text' | 'uuid' | 'json' | 'texts' | 'time' | 'other';

/** A unique index: its columns, or the expression as the database writes it. */
export interface UniqueIndex {
  readonly parts: readonly string[];
}

/** A table of ours. Its name has been checked. */
export interface OwnTable {
  readonly name: string;
  /** Names and types, such as `user_id varchar(255) NOT NULL`. */
  readonly columns: readonly string[];
  readonly primaryKey: string;
  /** The column with an index that isn't unique. */
  readonly indexed?: string;
}

/** What a transaction needs on its way. */
export interface OpenTransaction {
  /** Runs before its end, also where it fails. */
  end?(this: void): Promise<unknown>;
  /** Runs a query, so that the transaction can go on if it fails. Default: it can go on anyway. */
  attempt?<T>(this: void, query: () => Promise<T>): Promise<T>;
}

/** Up to so many rows a table is small: it is read in a few milliseconds. */
export const SMALL_TABLE = 10_000;

/** What differs between the databases. Knows no driver and no library. */
export interface Dialect {
  readonly name: 'postgres' | 'mysql' | 'sqlite';
  /** For messages. */
  readonly title: string;

  /** A name as it stands in a statement: `"order"`. */
  quoted(name: string): string;
  /** The types of our tables' columns. */
  readonly types: {
    /** ASCII, compared by bytes, at most 64 characters. */
    readonly short: string;
    /** Compared by bytes. At most 255 characters. */
    readonly id: string;
    /** Compared by bytes. At most 510 characters. */
    readonly key: string;
    readonly text: string;
    /** Milliseconds since 1970. */
    readonly time: string;
    readonly flag: string;
    /** The literal of false. */
    readonly no: string;
    /** When the row was inserted, with its default. */
    readonly moment: string;
  };
  /** Milliseconds since 1970, by the clock of the database: an expression. */
  readonly nowMs: string;
  /** The statements that create a table of ours and its index where they are missing. */
  createTable(this: void, table: OwnTable): string[];
  /** `INSERT` that inserts nothing where a row with the same primary key is there. */
  insertNew(table: string, columns: readonly string[], rows: number): string;
  /**
   * A SELECT that locks its rows until the transaction ends. If another transaction has locked one, it waits in the server's line, and no
   * longer than a request may. It leaves no setting of the session changed.
   * @param select what comes after SELECT
   */
  selectForUpdate(select: string): string;
  /** A column as an exact text, whatever the driver makes of its type. */
  asText(column: string): string;
  /** Whether the columns of our tables take a text and the same with spaces behind it for one. */
  readonly padsTexts: boolean;
  /** `lower(column)` with texts that have ASCII letters in lower case only where true. */
  readonly lowersAsciiOnly: boolean;

  /**
   * A statement that changes rows of our tables, with a limit for its wait for locks. The limit is the statement's alone. Default: the one of
   * `begin` is enough.
   */
  readonly waitingBriefly?: (change: string) => string;
  /**
   * Statements at the beginning of each transaction that writes.
   * @param isOfApp whether the app has begun the transaction: then no setting of it stays changed
   */
  begin(sql: SqlStatements, isOfApp: boolean): Promise<OpenTransaction>;
  /** What `migrate()` runs, one statement after the other: each is safe to run again. */
  migration(statements: readonly string[]): string[];

  columns(sql: SqlStatements, place: TablePlace): Promise<ColumnFacts[]>;
  /** The SQL of the triggers that may fill columns before a row is inserted. */
  insertTriggers(sql: SqlStatements, place: TablePlace): Promise<string[]>;
  uniqueIndexes(sql: SqlStatements, place: TablePlace): Promise<UniqueIndex[]>;
  /** Whether rows can be found by `lower(column)` without reading a large table: an index has it, or the table is small. */
  isQuickToLower(sql: SqlStatements, place: TablePlace, column: string): Promise<boolean>;

  kindOfError(error: unknown): ErrorKind;
}
