import { randomUUID } from 'node:crypto';
import type { Dialect } from './dialects/dialect.js';
import type { SqlStatements } from './sql-statements.js';
import type { TableFacts } from './table-facts.js';
import type { FoundRow, Row, UserRows } from './user-rows.js';
import type { UserMapping } from './user-table-options.js';

interface Table {
  readonly dialect: Dialect;
  readonly mapping: UserMapping;
  readonly facts: TableFacts;
}

/** The values of a new row, with an id of ours where the database gives none. */
export async function withId({ mapping, facts }: Table, values: Row): Promise<Row> {
  const { id: column } = mapping.columns;
  const id = await facts.column(column);
  const isOurs = values[column] === undefined && id?.hasDefault === false && id.kind !== 'integer';
  return isOurs ? { ...values, [column]: randomUUID() } : values;
}

/** The row that the last INSERT on the connection has made: that of MySQL returns none. @param values what it has inserted */
export async function insertedRow(
  { dialect, mapping, facts }: Table,
  rows: Pick<UserRows, 'find'>,
  sql: SqlStatements,
  values: Row,
): Promise<FoundRow> {
  const { id: idColumn, username: column } = mapping.columns;
  const username = String(values[column]);
  const lastId = async () =>
    (await sql.query(`SELECT ${dialect.asText('LAST_INSERT_ID()')} AS id`))[0]?.['id'];
  const countsUp = (await facts.column(idColumn))?.countsUp === true;
  const id = (values[idColumn] ?? (countsUp ? await lastId() : undefined)) as string | number | undefined;
  const byId = id === undefined ? [] : await rows.find('id', [String(id)]);
  const found = byId.length > 0 ? byId : await rows.find('username', [username]);
  const own = found.find(({ row }) => row[column] === username);
  if (own) return own;
  throw new Error('The inserted row was not found again');
}
