import type { Dialect } from './dialects/dialect.js';
import type { TablePlace } from './sql-statements.js';

/** The table as it stands in a statement. */
export function quotedTable(dialect: Dialect, { schema, table }: TablePlace): string {
  const own = dialect.quoted(table);
  return schema === undefined ? own : `${dialect.quoted(schema)}.${own}`;
}
