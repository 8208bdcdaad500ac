/* The shapes of Kysely, so that this package compiles without it. */

/** The part of Kysely that the store uses: `new Kysely<Database>({ … })`, or a transaction of it. */
export interface KyselyClient {
  readonly isTransaction: boolean;
  selectFrom: (...args: never[]) => unknown;
  insertInto: (...args: never[]) => unknown;
  updateTable: (...args: never[]) => unknown;
  deleteFrom: (...args: never[]) => unknown;
  transaction: (...args: never[]) => unknown;
  executeQuery: (...args: never[]) => unknown;
  withoutPlugins: (...args: never[]) => unknown;
}

export interface Expression {
  as(alias: string): unknown;
}

export interface ExpressionBuilder {
  (column: unknown, operator: string, value: unknown): Expression;
  or(expressions: readonly Expression[]): Expression;
  cast(column: string, type: string): Expression;
  fn(name: string, columns: readonly string[]): Expression;
}

type Select = (builder: ExpressionBuilder) => unknown;

export interface KyselyBuilder {
  selectAll(): this;
  select(columns: string | Select): this;
  where(column: string, operator: string, value: unknown): this;
  where(condition: Select): this;
  orderBy(column: string): this;
  limit(count: number): this;
  forUpdate(): this;
  forNoKeyUpdate(): this;
  values(values: object): this;
  set(values: object): this;
  returningAll(): this;
  returning(columns: Select): this;
  execute(): Promise<Record<string, unknown>[]>;
  compile(): { readonly sql: string; readonly query: unknown };
}

export interface KyselyCalls {
  readonly isTransaction: boolean;
  selectFrom(table: string): KyselyBuilder;
  insertInto(table: string): KyselyBuilder;
  updateTable(table: string): KyselyBuilder;
  deleteFrom(table: string): KyselyBuilder;
  transaction(): { execute<T>(work: (transaction: KyselyCalls) => Promise<T>): Promise<T> };
  withoutPlugins(): KyselyCalls;
  /** kysely-replication/force has it. */
  withPrimary?(): KyselyCalls;
  executeQuery(query: object): Promise<{ rows: Record<string, unknown>[]; numAffectedRows?: bigint }>;
}
