import { inTransactionOfApp } from '../app-table/app-transaction.js';
import { BuiltRows, EXACT_ID, type RowQuery, type TableQueries } from '../app-table/built-rows.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import { SQLITE } from '../app-table/dialects/sqlite.js';
import type { Dialect } from '../app-table/dialects/dialect.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements, TablePlace } from '../app-table/sql-statements.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { Row } from '../app-table/user-rows.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { KnexCalls } from './knex-client.js';

const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgresql: POSTGRES,
  mysql: MYSQL, // mysql2 too
  sqlite3: SQLITE, // better-sqlite3 too
};

/** The app's table through Knex. @throws TypeError for a database that the store doesn't know */
export function knexDatabase(
  knex: KnexCalls,
  table: string,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const dialect = DIALECTS[String(knex.client.dialect)];
  if (!dialect)
    throw new TypeError(
      `KnexUserStore knows PostgreSQL, MySQL and SQLite, not the client of Knex for ${String(knex.client.dialect)}`,
    );
  const place = placeOf(knex, table);
  const facts = new TableFacts({ dialect, place, sql: statementsOf(knex) }, mapping.columns.username);
  const accessOf = (connection: KnexCalls): TableAccess => {
    const sql = statementsOf(connection);
    const queries = queriesOf(connection, table, dialect, mapping.columns.id);
    return { sql, rows: new BuiltRows({ dialect, mapping, facts, lockedFirst: place }, queries, sql) };
  };
  const access = accessOf(knex);
  const isOfApp = knex.isTransaction === true;
  const database: AppDatabase = {
    ...access,
    dialect,
    place,
    transactionOfApp: isOfApp ? 'begun' : undefined,
    // Knex's own savepoint would wait for a transaction that the app has begun inside of its own.
    transaction: (work) =>
      isOfApp
        ? inTransactionOfApp(knex, access, work)
        : knex.transaction((transaction) => work(accessOf(transaction))),
  };
  return { database, facts };
}

function queriesOf(knex: KnexCalls, table: string, dialect: Dialect, id: string): TableQueries {
  const all = () => ['*', knex.raw(`${dialect.asText('??')} as ??`, [id, EXACT_ID])];
  return {
    select: async (query) => (await selectOf(knex, table, dialect, all(), query)) as Row[],
    async insert(values) {
      const insert = knex(table).insert(values);
      if (dialect.name === 'mysql') return void (await insert);
      return ((await insert.returning(all())) as Row[])[0];
    },
    update: async (column, value, values) => knex(table).where(column, '=', value).update(values),
    remove: async (column, value) => knex(table).where(column, '=', value).del(),
  };
}

function selectOf(
  knex: KnexCalls,
  table: string,
  { name }: Dialect,
  columns: unknown[],
  { column, is, lowered = [], after, limit, lock }: RowQuery,
) {
  let query = knex(table).select(...columns);
  if (is) query = query.whereIn(column, is);
  if (lowered.length > 0)
    query = query.orWhereRaw(`lower(??) in (${lowered.map(() => '?').join(', ')})`, [column, ...lowered]);
  if (after !== undefined) query = query.where(column, '>', after).orderBy(column);
  if (limit !== undefined) query = query.limit(limit);
  if (lock && name === 'postgres') query = query.forNoKeyUpdate();
  if (lock && name === 'mysql') query = query.forUpdate();
  return query;
}

/** What each driver answers to a raw statement. */
type Answer =
  | { rows: Row[]; rowCount?: number | null } // pg
  | [Row[] | { affectedRows: number }, unknown] // mysql2
  | { changes: number }; // better-sqlite3

function statementsOf(knex: KnexCalls): SqlStatements {
  const isMysql = knex.client.dialect === 'mysql';
  return {
    async query(text, values = []) {
      const answer = (await knex.raw(text, values)) as Answer | Row[];
      const rows = 'rows' in answer ? answer.rows : ((isMysql ? (answer as unknown[])[0] : answer) as Row[]);
      // The app's `postProcessResponse` may have made an object of a list that it took for a row.
      return Object.values(rows).map(asWritten);
    },
    async execute(text, values = []) {
      const answer = (await knex.raw(text, values)) as Answer;
      if (Array.isArray(answer))
        return (answer[0] as { affectedRows?: number } | undefined)?.affectedRows ?? 0;
      return ('changes' in answer ? answer.changes : answer.rowCount) ?? 0;
    },
  };
}

/** The app's `postProcessResponse` may have made `userId` of `user_id`. Our statements name nothing that has a capital. */
function asWritten(row: Row): Row {
  const name = (key: string) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [name(key), value]));
}

/** The app's `wrapIdentifier` may make `password_hash` of `passwordHash`. */
function placeOf(knex: KnexCalls, table: string): TablePlace {
  const wrap = knex.client.config?.wrapIdentifier;
  const columnName = (name: string) => (wrap ? wrap(name, (each) => each) : name);
  const [own, schema] = table.split('.').reverse() as [string, string?];
  return {
    table: columnName(own),
    schema: schema === undefined ? undefined : columnName(schema),
    columnName,
  };
}
