import { inTransactionOfApp } from '../app-table/app-transaction.js';
import { BuiltRows, EXACT_ID, type RowQuery, type TableQueries } from '../app-table/built-rows.js';
import type { Dialect } from '../app-table/dialects/dialect.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import { SQLITE } from '../app-table/dialects/sqlite.js';
import { numberedMarks } from '../app-table/numbered-marks.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements, TablePlace } from '../app-table/sql-statements.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { ExpressionBuilder, KyselyBuilder, KyselyCalls } from './kysely-client.js';

/** The app's table through Kysely. @throws TypeError for a database that the store doesn't know */
export function kyselyDatabase(
  db: KyselyCalls,
  table: string,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const { id } = mapping.columns;
  const dialect = dialectOf(db.selectFrom(table).select(id).where(id, '=', 1).compile().sql);
  const place = placeOf(db, table, id);
  const facts = new TableFacts({ dialect, place, sql: statementsOf(db, dialect) }, mapping.columns.username);
  const accessOf = (connection: KyselyCalls): TableAccess => {
    const sql = statementsOf(connection, dialect);
    const queries = queriesOf(connection, table, dialect, id);
    return { sql, rows: new BuiltRows({ dialect, mapping, facts, lockedFirst: place }, queries, sql) };
  };
  const access = accessOf(db);
  const database: AppDatabase = {
    ...access,
    dialect,
    place,
    transactionOfApp: db.isTransaction ? 'begun' : undefined,
    transaction: (work) =>
      db.isTransaction
        ? inTransactionOfApp(db, access, work)
        : db.transaction().execute((transaction) => work(accessOf(transaction))),
  };
  return { database, facts };
}

function queriesOf(db: KyselyCalls, table: string, { name }: Dialect, id: string): TableQueries {
  const exactId = (builder: ExpressionBuilder) =>
    builder.cast(id, name === 'mysql' ? 'char' : 'text').as(EXACT_ID);
  return {
    select: (query) => selectOf(db.selectFrom(table).selectAll().select(exactId), name, query).execute(),
    async insert(values) {
      const insert = db.insertInto(table).values(values);
      if (name === 'mysql') return void (await insert.execute());
      return (await insert.returningAll().returning(exactId).execute())[0];
    },
    update: (column, value, values) => db.updateTable(table).set(values).where(column, '=', value).execute(),
    remove: (column, value) => db.deleteFrom(table).where(column, '=', value).execute(),
  };
}

function selectOf(
  all: KyselyBuilder,
  dialect: Dialect['name'],
  { column, is = [], lowered = [], after, limit, lock }: RowQuery,
): KyselyBuilder {
  let query = all;
  if (after !== undefined) query = query.where(column, '>', after).orderBy(column);
  else if (lowered.length === 0) query = query.where(column, 'in', is);
  else
    query = query.where((builder) =>
      builder.or([builder(column, 'in', is), builder(builder.fn('lower', [column]), 'in', lowered)]),
    );
  if (limit !== undefined) query = query.limit(limit);
  if (lock && dialect === 'postgres') query = query.forNoKeyUpdate();
  if (lock && dialect === 'mysql') query = query.forUpdate();
  return query;
}

/** Past the app's plugins, which may rename columns: these statements are ours. */
function statementsOf(db: KyselyCalls, dialect: Dialect): SqlStatements {
  const send = (text: string, parameters: readonly unknown[] = []) => {
    const sql = dialect === POSTGRES ? numberedMarks(text) : text;
    // What CompiledQuery.raw(sql, parameters) of Kysely makes.
    const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
    return db
      .withoutPlugins()
      .executeQuery({ sql, parameters, query, queryId: { queryId: 'passport-visa' } });
  };
  return {
    query: async (text, values) => (await send(text, values)).rows,
    execute: async (text, values) => Number((await send(text, values)).numAffectedRows ?? 0),
  };
}

/** The compiled statement shows the database, whatever class the app's dialect has. */
function dialectOf(sql: string): Dialect {
  if (sql.includes('`')) return MYSQL;
  if (sql.endsWith('$1')) return POSTGRES;
  if (sql.endsWith('?')) return SQLITE;
  throw new TypeError(
    `new KyselyUserStore() knows the dialects of PostgreSQL, MySQL and SQLite, not the one that writes ${sql}`,
  );
}

interface Name {
  readonly name: string;
}

/** Nodes of Kysely, after the app's plugins. */
interface SelectNode {
  readonly from: {
    readonly froms: readonly [{ readonly table: { readonly schema?: Name; readonly identifier: Name } }];
  };
  readonly selections: readonly [{ readonly selection: { readonly column: { readonly column: Name } } }];
}

/** The app's plugins may make `password_hash` of `passwordHash`. */
function placeOf(db: KyselyCalls, table: string, id: string): TablePlace {
  const select = (column: string) => db.selectFrom(table).select(column).compile().query as SelectNode;
  const { schema, identifier } = select(id).from.froms[0].table;
  return {
    table: identifier.name,
    schema: schema?.name,
    columnName: (mapped) => select(mapped).selections[0].selection.column.column.name,
  };
}
