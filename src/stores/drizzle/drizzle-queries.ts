import { EXACT_ID, type RowQuery, type TableQueries } from '../app-table/built-rows.js';
import type { Dialect } from '../app-table/dialects/dialect.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import type { Row } from '../app-table/user-rows.js';
import type { Column, DrizzleCalls, DrizzleTable } from './drizzle-client.js';
import { EncodedValue, SqlText, type SqlMaker, type TableDescription } from './drizzle-sql.js';

/** Numbers that a driver may round, whatever Drizzle makes of them. */
const ROUNDED = new Set(['number', 'bigint']);

/** The queries on the table, over one connection or another. @param id the field of ids */
export function drizzleQueries(
  table: DrizzleTable,
  { columns }: TableDescription,
  dialect: Dialect,
  sql: SqlMaker,
  id: string,
): (db: DrizzleCalls) => TableQueries {
  const isOneOf = (column: string, values: readonly unknown[]) => {
    const own = columns[column] as Column;
    // A number is exact as it is, and Drizzle's column could round it.
    const list = values.map((value) => (typeof value === 'bigint' ? value : new EncodedValue(value, own)));
    return [own, new SqlText(' in '), list];
  };
  const [before = '', after = ''] = dialect.asText('?').split('?');
  const exactId = sql.of(new SqlText(before), columns[id], new SqlText(after));
  const fields = ROUNDED.has(columns[id]?.dataType ?? '') ? { ...columns, [EXACT_ID]: exactId } : columns;

  const select = (db: DrizzleCalls, { column, is = [], lowered = [], after, limit, lock }: RowQuery) => {
    const own = columns[column] as Column;
    const or =
      lowered.length === 0 ? [] : [new SqlText(' or lower('), own, new SqlText(') in '), [...lowered]];
    const isMeant =
      after === undefined
        ? sql.of(...isOneOf(column, is), ...or)
        : sql.of(own, new SqlText(' > '), new EncodedValue(after, own));
    let query = db.select(fields).from(table).where(isMeant);
    if (after !== undefined) query = query.orderBy(own);
    if (limit !== undefined) query = query.limit(limit);
    if (lock) query = query.for(dialect === MYSQL ? 'update' : 'no key update');
    return query;
  };

  return (db) => ({
    select: async (query) => (await select(db, query)) as Row[],
    async insert(values) {
      const insert = db.insert(table).values(values);
      if (dialect === MYSQL) return void (await insert);
      return ((await insert.returning(fields)) as Row[])[0];
    },
    update: async (column, value, values) =>
      db
        .update(table)
        .set(values)
        .where(sql.of(...isOneOf(column, [value]))),
    remove: async (column, value) => db.delete(table).where(sql.of(...isOneOf(column, [value]))),
  });
}
