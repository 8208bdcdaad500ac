/* The shapes of Drizzle, so that this package compiles without it. */

/** The part of a Drizzle database that the store uses: what `drizzle(…)` returns, for PostgreSQL or MySQL, or a transaction of it. */
export interface DrizzleClient {
  select: (...args: never[]) => unknown;
  insert: (...args: never[]) => unknown;
  update: (...args: never[]) => unknown;
  delete: (...args: never[]) => unknown;
  execute: (...args: never[]) => unknown;
  transaction: (...args: never[]) => unknown;
}

/** A table of Drizzle: what `pgTable` or `mysqlTable` returns. */
export interface DrizzleTable {
  getSQL: () => unknown;
}

export interface Column {
  readonly name: string;
  readonly keyAsName: boolean;
  readonly hasDefault: boolean;
  readonly dataType: string;
  readonly defaultFn?: unknown;
  readonly onUpdateFn?: unknown;
}

/** A statement, or a part of one. */
export type Sql = object;

export interface DrizzleBuilder extends PromiseLike<unknown> {
  from(table: DrizzleTable): this;
  where(condition: Sql): this;
  orderBy(column: Column): this;
  limit(count: number): this;
  for(strength: string): this;
  values(values: object): this;
  set(values: object): this;
  returning(fields: object): this;
}

export interface DrizzleCalls {
  readonly $primary?: DrizzleCalls;
  /** A transaction has it. */
  readonly rollback?: unknown;
  readonly dialect: { readonly casing: { getColumnCasing(column: Column): string } };
  select(fields: object): DrizzleBuilder;
  insert(table: DrizzleTable): DrizzleBuilder;
  update(table: DrizzleTable): DrizzleBuilder;
  delete(table: DrizzleTable): DrizzleBuilder;
  execute(statement: Sql): PromiseLike<unknown>;
  transaction<T>(work: (transaction: DrizzleCalls) => Promise<T>): Promise<T>;
}
