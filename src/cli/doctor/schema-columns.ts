/** Matches a line of a table definition that is not a column. */
const NO_COLUMN = /^(--|(primary|unique|check|foreign|constraint|exclude|like)\b)/i;

/**
 * The columns that the SQL of a store creates, by table. Saves a second list of them. It understands only the stores' own SQL,
 * which has one column on each line.
 */
export function schemaColumns(schema: string): Map<string, string[]> {
  const tables = new Map<string, string[]>();
  for (const [, table = '', body = ''] of schema.matchAll(
    /CREATE TABLE IF NOT EXISTS ([\w.]+) \(\n([\s\S]*?)\n\s*\)(?: STRICT)?;/g,
  )) {
    const lines = body.split('\n').map((line) => line.trim());
    tables.set(
      table,
      lines.filter((line) => line && !NO_COLUMN.test(line)).map((line) => line.split(/\s/)[0] ?? ''),
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
