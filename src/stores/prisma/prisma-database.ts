import { inTransactionOfApp, inTurn } from '../app-table/app-transaction.js';
import { BuiltRows, EXACT_ID, type RowQuery, type TableQueries } from '../app-table/built-rows.js';
import type { ColumnFacts, Dialect } from '../app-table/dialects/dialect.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import { numberedMarks } from '../app-table/numbered-marks.js';
import { quotedTable } from '../app-table/quoted-table.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements } from '../app-table/sql-statements.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import { CALL_TIMES } from '../call-times.js';
import type { PrismaCalls } from './prisma-client.js';
import { kindOfPrismaError } from './prisma-errors.js';
import { delegateOf, prismaModel, type PrismaModel } from './prisma-model.js';

const DIALECTS: Readonly<Record<string, Dialect>> = { postgresql: POSTGRES, mysql: MYSQL };

/** The app's table through Prisma. @throws TypeError for a database or a model that isn't there */
export function prismaDatabase(
  call: string,
  client: PrismaCalls,
  name: string,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const dialect = DIALECTS[String(client._activeProvider)];
  if (!dialect)
    throw new TypeError(
      `${call} knows the providers postgresql and mysql, not ${String(client._activeProvider)}`,
    );
  const model = prismaModel(call, client, name, mapping);
  const { place } = model;
  const facts = new TableFacts(
    { dialect, place, sql: statementsOf(client, dialect) },
    mapping.columns.username,
  );
  const encoded = encoderOf(model, mapping);
  const accessOf = (connection: PrismaCalls): TableAccess => {
    const sql = statementsOf(connection, dialect);
    const queries = queriesOf(connection, sql, model, dialect, mapping);
    return { sql, rows: new BuiltRows({ dialect, mapping, facts, fillsIds: true, encoded }, queries, sql) };
  };
  const access = accessOf(client);
  const isOfApp = client.$connect === undefined || !client.$transaction;
  const database: AppDatabase = {
    ...access,
    dialect,
    place,
    transactionOfApp: isOfApp ? 'begun' : undefined,
    libraryFills: model.fills,
    startsSlowly: true,
    kindOfError: kindOfPrismaError,
    transaction: (work) => {
      if (!client.$transaction) return inTransactionOfApp(client, access, work);
      const begin = client.$transaction.bind(client);
      const transaction = () =>
        begin((connection) => work({ ...accessOf(connection), isOfApp }), {
          maxWait: CALL_TIMES.timeout,
          timeout: CALL_TIMES.timeout, // of no savepoint
        });
      return isOfApp ? inTurn(client, transaction) : transaction();
    },
  };
  return { database, facts };
}

function queriesOf(
  client: PrismaCalls,
  sql: SqlStatements,
  model: PrismaModel,
  dialect: Dialect,
  { columns }: UserMapping,
): TableQueries {
  const delegate = delegateOf(client, model.name);
  const raw = rawQueries(sql, model, dialect, columns.id);
  // An Int is no bigint for Prisma.
  const asId = (id: unknown) => (model.fields.get(columns.id)?.type === 'Int' ? Number(id) : id);
  const valuesOf = (column: string, values: readonly unknown[]) =>
    column === columns.id ? values.map(asId) : [...values];
  return {
    async select({ column, is = [], lowered = [], after, limit, lock }: RowQuery) {
      const fields = [columns.username, columns.passwordHash, columns.usernameKey].filter(
        (each) => each !== undefined,
      );
      if (lock) return raw.locked(fields, valuesOf(column, is));
      if (after !== undefined)
        return delegate.findMany({
          where: { [column]: { gt: after } },
          select: model.columns,
          orderBy: { [column]: 'asc' },
          take: limit as number,
        });
      const isOneOf = { [column]: { in: valuesOf(column, is) } };
      // Prisma's `insensitive` takes % and _ for wildcards.
      const ids = lowered.length === 0 ? [] : await raw.lowered(column, lowered, limit as number);
      return delegate.findMany({
        where: ids.length === 0 ? isOneOf : { OR: [isOneOf, { [columns.id]: { in: ids.map(asId) } }] },
        select: model.columns,
        ...(limit !== undefined && { take: limit }),
      });
    },
    insert: (values) => delegate.create({ data: values, select: model.columns }),
    update: (column, id, values) => delegate.updateMany({ where: { [column]: asId(id) }, data: values }),
    remove: (column, id) => delegate.deleteMany({ where: { [column]: asId(id) } }),
  };
}

/** What Prisma's own queries can't do: lock a row, and compare in lower case. */
function rawQueries(sql: SqlStatements, { place }: PrismaModel, dialect: Dialect, id: string) {
  const name = quotedTable(dialect, place);
  const columnOf = (field: string) => dialect.quoted(place.columnName(field));
  return {
    locked(selected: readonly string[], ids: readonly unknown[]) {
      const list = selected.map((field) => `${columnOf(field)} AS ${dialect.quoted(field)}`).join(', ');
      return sql.query(
        dialect.selectForUpdate(
          `${list}, ${dialect.asText(columnOf(id))} AS ${EXACT_ID} FROM ${name} WHERE ${columnOf(id)} = ?`,
        ),
        ids,
      );
    },
    async lowered(column: string, texts: readonly string[], limit: number): Promise<unknown[]> {
      const marks = texts.map(() => '?').join(', ');
      const select = `SELECT ${columnOf(id)} AS id FROM ${name} WHERE lower(${columnOf(column)}) IN (${marks}) LIMIT ${limit}`;
      return (await sql.query(select, texts)).map((row) => row['id']);
    },
  };
}

function encoderOf({ fields }: PrismaModel, { columns }: UserMapping) {
  return (name: string, value: unknown, facts: ColumnFacts | undefined): unknown => {
    const type = fields.get(name)?.type;
    if (name === columns.roles && type === 'String' && facts?.kind === 'text') return JSON.stringify(value);
    if (typeof value === 'boolean' && type === 'Int') return Number(value);
    return value;
  };
}

function statementsOf(client: PrismaCalls, dialect: Dialect): SqlStatements {
  const written = (text: string) => (dialect === POSTGRES ? numberedMarks(text) : text);
  return {
    query: (text, values = []) => client.$queryRawUnsafe(written(text), ...values),
    execute: (text, values = []) => client.$executeRawUnsafe(written(text), ...values),
  };
}
