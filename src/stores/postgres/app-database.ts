import { inSavepoint, inTurn } from '../app-table/app-transaction.js';
import { POSTGRES } from '../app-table/dialects/postgres.js';
import { numberedMarks } from '../app-table/numbered-marks.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements, TablePlace } from '../app-table/sql-statements.js';
import { SqlUserRows } from '../app-table/sql-user-rows.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import type { Row } from '../app-table/user-rows.js';
import { ignoreIdleErrors, type PostgresClient } from './client.js';

/** Answers of pg, and of PGlite, which names the count differently. */
interface Answer {
  rows: unknown[];
  rowCount?: number | null;
  affectedRows?: number;
}

interface Connection extends PostgresClient {
  release?(error?: Error | boolean): void;
}

/** PostgreSQL has savepoints only in a transaction. */
const NO_TRANSACTION = '25P01';

/** The app's table in PostgreSQL, through a pool or a client of pg, or PGlite. */
export function postgresAppDatabase(
  client: PostgresClient,
  place: TablePlace,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const sql = statementsOf(client);
  const facts = new TableFacts({ dialect: POSTGRES, sql, place }, mapping.columns.username);
  const accessOf = (connection: PostgresClient): TableAccess => {
    const statements = statementsOf(connection);
    return {
      sql: statements,
      rows: new SqlUserRows({ dialect: POSTGRES, place, mapping, facts }, statements),
    };
  };
  const { transaction, isOnOneConnection = false } = transactionsOf(client);
  const database: AppDatabase = {
    ...accessOf(client),
    dialect: POSTGRES,
    place,
    transactionOfApp: isOnOneConnection ? 'perhaps' : undefined,
    transaction: (work, onlyOfApp) =>
      transaction((connection, isOfApp = false) => work({ ...accessOf(connection), isOfApp }), onlyOfApp),
  };
  return { database, facts };
}

function statementsOf(client: PostgresClient): SqlStatements {
  const send = async (text: string, values: readonly unknown[] = []) =>
    (await client.query(numberedMarks(text), [...values])) as Answer;
  return {
    query: async (text, values) => (await send(text, values)).rows as Row[],
    async execute(text, values) {
      const { rowCount, affectedRows } = await send(text, values);
      return rowCount ?? affectedRows ?? 0;
    },
  };
}

/** Work on a connection, which may be in a transaction of the app's. */
type Work<T> = (connection: PostgresClient, isOfApp?: boolean) => Promise<T>;
type Transaction = <T>(work: Work<T>, onlyOfApp?: boolean) => Promise<T>;

function transactionsOf(client: PostgresClient): { transaction: Transaction; isOnOneConnection?: boolean } {
  const { connect, totalCount, transaction } = client as {
    connect?: () => Promise<Connection>;
    totalCount?: unknown;
    transaction?: Transaction;
  };
  if (typeof transaction === 'function')
    return {
      transaction: (work) => transaction.call(client, (connection) => work(connection)) as never,
    };
  if (typeof totalCount === 'number' && connect) return { transaction: onConnectionOf(connect.bind(client)) };
  return { transaction: onOneConnection(client), isOnOneConnection: true };
}

/** A pool. A connection whose transaction could not be ended is closed. */
function onConnectionOf(connect: () => Promise<Connection>): Transaction {
  return async (work) => {
    const connection = await connect();
    ignoreIdleErrors(connection); // a pool listens only to the connections that nobody uses
    let isEnded = false;
    try {
      await connection.query('BEGIN');
      const result = await work(connection);
      await connection.query('COMMIT');
      isEnded = true;
      return result;
    } catch (error) {
      isEnded = await connection.query('ROLLBACK').then(
        () => true,
        () => false,
      );
      throw error;
    } finally {
      connection.release?.(!isEnded);
    }
  };
}

/**
 * A single client: one transaction after the other. In a transaction that the app has begun, each is a savepoint, so that a refused
 * name doesn't end the app's transaction.
 */
function onOneConnection(client: PostgresClient): Transaction {
  return (work, onlyOfApp) =>
    inTurn(client, () =>
      inSavepoint(
        statementsOf(client),
        () => work(client, true),
        async (refused) => {
          if ((refused as { code?: unknown }).code !== NO_TRANSACTION) throw refused;
          if (onlyOfApp) return work(client);
          await client.query('BEGIN');
          try {
            const result = await work(client);
            await client.query('COMMIT');
            return result;
          } catch (error) {
            await client.query('ROLLBACK');
            throw error;
          }
        },
      ),
    );
}
