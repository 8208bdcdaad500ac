import type { Column, DrizzleTable, Sql } from './drizzle-client.js';

/** By this symbol Drizzle tells what an object is, even one that another copy of Drizzle has made. */
const ENTITY_KIND = Symbol.for('drizzle:entityKind');

/** Makes statements of parts: texts of SQL, columns, values, and lists in brackets. */
export class SqlMaker {
  readonly #Sql: new (parts: readonly unknown[]) => Sql;

  constructor(table: DrizzleTable) {
    this.#Sql = (table.getSQL() as object).constructor as new (parts: readonly unknown[]) => Sql;
  }

  of(...parts: readonly unknown[]): Sql {
    return new this.#Sql(parts);
  }

  /** @param text has a `?` for each value */
  statement(text: string, values: readonly unknown[]): Sql {
    const texts = text.split('?').map((each) => new SqlText(each));
    return this.of(...texts.flatMap((each, n) => (n === 0 ? [each] : [values[n - 1], each])));
  }
}

export class SqlText {
  static readonly [ENTITY_KIND] = 'StringChunk';
  readonly value: readonly [string];

  constructor(text: string) {
    this.value = [text];
  }
}

/** A value that the column encodes, such as a type of the app's. */
export class EncodedValue {
  static readonly [ENTITY_KIND] = 'Param';

  constructor(
    readonly value: unknown,
    readonly encoder: Column,
  ) {}
}

/** What a table of Drizzle says about itself. */
export interface TableDescription {
  /** `PgTable`, `MySqlTable`, `SQLiteTable`. */
  readonly kind: unknown;
  readonly name: string;
  readonly schema: string | undefined;
  readonly columns: Readonly<Record<string, Column>>;
}

export function described(table: DrizzleTable): TableDescription {
  const members = table as unknown as Record<symbol, unknown>;
  return {
    kind: (table.constructor as unknown as Record<symbol, unknown>)[ENTITY_KIND],
    name: members[Symbol.for('drizzle:Name')] as string,
    schema: members[Symbol.for('drizzle:Schema')] as string | undefined,
    columns: members[Symbol.for('drizzle:Columns')] as Record<string, Column>,
  };
}
