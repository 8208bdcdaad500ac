/* The shapes of Knex 3, so that this package compiles without it. */

/** The part of Knex that the store uses: the instance that `knex({ … })` returns, or a transaction. */
export interface KnexClient {
  (table: string): unknown;
  raw: (...args: never[]) => unknown;
  transaction: (...args: never[]) => unknown;
  readonly client: unknown;
}

export interface KnexBuilder extends PromiseLike<unknown> {
  select(...columns: unknown[]): this;
  whereIn(column: string, values: readonly unknown[]): this;
  orWhereRaw(text: string, bindings: readonly unknown[]): this;
  where(column: string, operator: string, value: unknown): this;
  orderBy(column: string): this;
  limit(count: number): this;
  forUpdate(): this;
  forNoKeyUpdate(): this;
  insert(values: object): this;
  returning(columns: readonly unknown[]): this;
  update(values: object): this;
  del(): this;
}

export interface KnexCalls {
  (table: string): KnexBuilder;
  raw(text: string, bindings?: readonly unknown[]): PromiseLike<unknown>;
  transaction<T>(work: (transaction: KnexCalls) => Promise<T>): Promise<T>;
  /** Missing outside a transaction. */
  readonly isTransaction?: boolean;
  readonly client: {
    readonly dialect?: string;
    readonly config?: {
      readonly wrapIdentifier?: (name: string, wrap: (name: string) => string, context?: unknown) => string;
    };
  };
}
