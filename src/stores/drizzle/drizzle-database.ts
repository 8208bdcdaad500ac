import {
  BuiltRows,
  EXACT_ID,
  type BuiltTable,
  type RowQuery,
  type TableQueries,
} from '../app-table/built-rows.js';
import type { Dialect } from '../app-table/dialects/dialect.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements, TablePlace } from '../app-table/sql-statements.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { Row } from '../app-table/user-rows.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { Column, DrizzleCalls, DrizzleTable } from './drizzle-client.js';
import { described, EncodedValue, SqlMaker, SqlText, type TableDescription } from './drizzle-sql.js';

/** Numbers that a driver may round, whatever Drizzle makes of them. */
const ROUNDED = new Set(['number', 'bigint']);

/** The app's table through Drizzle. @throws TypeError for a table of another database, and for a column that it doesn't have */
export function drizzleDatabase(
  db: DrizzleCalls,
  table: DrizzleTable,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const description = described(table);
  const dialect = dialectOf(description);
  assertColumns(description, mapping);
  const place = placeOf(db, description);
  const sql = new SqlMaker(table);
  const facts = new TableFacts(
    { dialect, place, sql: statementsOf(db, sql, dialect) },
    mapping.columns.username,
  );
  const built: BuiltTable = {
    dialect,
    mapping,
    facts,
    fillsIds: description.columns[mapping.columns.id]?.hasDefault === true,
    encoded: (name, value) => encoded(description.columns[name], value),
  };
  const queries = queriesOf(table, description, dialect, sql, mapping.columns.id);
  const accessOf = (connection: DrizzleCalls): TableAccess => {
    const statements = statementsOf(connection, sql, dialect);
    return { sql: statements, rows: new BuiltRows(built, queries(connection), statements) };
  };
  const database: AppDatabase = {
    ...accessOf(db),
    dialect,
    place,
    transaction: (work) => db.transaction((transaction) => work(accessOf(transaction))),
  };
  return { database, facts };
}

/** The queries on the table, over one connection or another. */
function queriesOf(
  table: DrizzleTable,
  { columns }: TableDescription,
  dialect: Dialect,
  sql: SqlMaker,
  id: string,
) {
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
    if (lock) query = dialect === MYSQL ? query.for('update', { noWait: true }) : query.for('no key update');
    return query;
  };

  return (db: DrizzleCalls): TableQueries => ({
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

/** Most columns of Drizzle take lists and flags as they are. */
function encoded(column: Column | undefined, value: unknown): unknown {
  if (Array.isArray(value) && column?.dataType === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean' && column?.dataType === 'number') return Number(value);
  return value;
}

/** What drivers answer: pg, PGlite, postgres.js, and mysql2, whose answer is a list of two. */
interface Answer {
  readonly rows?: Row[];
  readonly rowCount?: number | null;
  readonly affectedRows?: number;
  readonly count?: number;
}

function statementsOf(db: DrizzleCalls, sql: SqlMaker, dialect: Dialect): SqlStatements {
  const send = async (text: string, values: readonly unknown[] = []) => {
    const answer = await db.execute(sql.statement(text, values));
    return (dialect === MYSQL ? (answer as unknown[])[0] : answer) as Answer;
  };
  return {
    async query(text, values) {
      const answer = await send(text, values);
      return answer.rows ?? (answer as Row[]);
    },
    async execute(text, values) {
      const { rowCount, affectedRows, count } = await send(text, values);
      return rowCount ?? affectedRows ?? count ?? 0;
    },
  };
}

function dialectOf({ kind }: TableDescription): Dialect {
  if (kind === 'PgTable') return POSTGRES;
  if (kind === 'MySqlTable') return MYSQL;
  const cure = kind === 'SQLiteTable' ? '. For SQLite give the database itself to SqliteUserStore' : '';
  throw new TypeError(`new DrizzleUserStore() takes a table that pgTable or mysqlTable made${cure}`);
}

function assertColumns({ name, columns }: TableDescription, { mapped }: UserMapping): void {
  const missing = [...mapped].find((each) => !Object.hasOwn(columns, each));
  if (missing === undefined) return;
  throw new TypeError(
    `new DrizzleUserStore(): the table ${name} has no field ${missing}: its fields are ${Object.keys(columns).join(', ')}`,
  );
}

function placeOf({ dialect }: DrizzleCalls, { name, schema, columns }: TableDescription): TablePlace {
  const nameOf = (column: Column) =>
    column.keyAsName ? dialect.casing.getColumnCasing(column) : column.name;
  return {
    table: name,
    schema,
    columnName: (mapped) => (columns[mapped] ? nameOf(columns[mapped]) : mapped),
  };
}
