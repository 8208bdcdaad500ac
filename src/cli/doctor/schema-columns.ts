/** A line of a table's definition that names no column. */
const CONSTRAINT = /^(primary|unique|check|foreign|constraint|exclude|like)\b/i;

/**
 * The columns by table that the SQL of a store makes, so that nobody has to keep a second list. It reads the stores' own
 * SQL and no other: one column a line.
 */
export function schemaColumns(schema: string): Map<string, string[]> {
  const tables = new Map<string, string[]>();
  for (const [, table = '', body = ''] of schema.matchAll(
    /CREATE TABLE IF NOT EXISTS ([\w.]+) \(\n([\s\S]*?)\n\s*\);/g,
  )) {
    const lines = body.split('\n').map((line) => line.trim());
    tables.set(
      table,
      lines.filter((line) => line && !CONSTRAINT.test(line)).map((line) => line.split(/\s/)[0] ?? ''),
    );
  }
  for (const [, table = '', column = ''] of schema.matchAll(
    /ALTER TABLE(?: IF EXISTS)? ([\w.]+)\s+ADD COLUMN (?:IF NOT EXISTS )?(\w+)/g,
  )) {
    const columns = tables.get(table) ?? [];
    if (!columns.includes(column)) tables.set(table, [...columns, column]);
  }
  return tables;
}
