import { inSavepoint, inTurn } from '../app-table/app-transaction.js';
import { MYSQL } from '../app-table/dialects/mysql.js';
import type { AppDatabase, TableAccess } from '../app-table/sql-database.js';
import type { SqlStatements, TablePlace } from '../app-table/sql-statements.js';
import { SqlUserRows } from '../app-table/sql-user-rows.js';
import { TableFacts } from '../app-table/table-facts.js';
import type { Row } from '../app-table/user-rows.js';
import type { UserMapping } from '../app-table/user-table-options.js';
import {
  withPromises,
  type MysqlClient,
  type MysqlConnection,
  type MysqlPool,
  type MysqlQuery,
} from './client.js';

/** The answer to a statement that returns no rows. */
interface Header {
  affectedRows?: number;
  serverStatus?: number;
}

/** A bit of `serverStatus`: a transaction is open. */
const IN_TRANSACTION = 1;

/** The app's table in MySQL or MariaDB. */
export function mysqlAppDatabase(
  client: MysqlClient,
  place: TablePlace,
  mapping: UserMapping,
): { database: AppDatabase; facts: TableFacts } {
  const connection = withPromises(client);
  const facts = new TableFacts(
    { dialect: MYSQL, sql: statementsOf(connection), place },
    mapping.columns.username,
  );
  const accessOf = (one: MysqlConnection): TableAccess => {
    const sql = statementsOf(one);
    return { sql, rows: new SqlUserRows({ dialect: MYSQL, place, mapping, facts }, sql) };
  };
  const isPool = 'getConnection' in connection;
  const transaction = isPool ? ofPool(connection) : ofConnection(connection);
  const database: AppDatabase = {
    ...accessOf(connection),
    dialect: MYSQL,
    place,
    transactionOfApp: isPool ? undefined : 'perhaps',
    transaction: (work, onlyOfApp) =>
      transaction((one, isOfApp = false) => work({ ...accessOf(one), isOfApp }), onlyOfApp),
  };
  return { database, facts };
}

function statementsOf(connection: MysqlConnection): SqlStatements {
  return {
    query: async (text, values) => (await send(connection, text, values)) as Row[],
    execute: async (text, values) => ((await send(connection, text, values)) as Header).affectedRows ?? 0,
  };
}

/** Values go beside the text, so no setting of the server's or the pool's can make SQL of them. */
async function send(
  connection: MysqlConnection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<unknown> {
  const query: MysqlQuery = {
    sql,
    values: values as MysqlQuery['values'],
    supportBigNumbers: true,
    rowsAsArray: false,
    nestTables: false,
    namedPlaceholders: false,
  };
  const [answer] = await (values.length === 0 ? connection.query(query) : connection.execute(query));
  return answer;
}

/** Work on a connection, which may be in a transaction of the app's. */
type Work<T> = (connection: MysqlConnection, isOfApp?: boolean) => Promise<T>;
type Transaction = <T>(work: Work<T>, onlyOfApp?: boolean) => Promise<T>;

/** A connection whose transaction could not be ended is closed. */
function ofPool(pool: MysqlPool): Transaction {
  return async (work) => {
    const connection = await pool.getConnection();
    let isEnded = false;
    try {
      await send(connection, 'START TRANSACTION');
      const result = await work(connection);
      await send(connection, 'COMMIT');
      isEnded = true;
      return result;
    } catch (error) {
      isEnded = await send(connection, 'ROLLBACK').then(
        () => true,
        () => false,
      );
      throw error;
    } finally {
      if (isEnded) connection.release();
      else connection.destroy();
    }
  };
}

/** A single connection: one transaction after the other. In a transaction that the app has begun, each is a savepoint. */
function ofConnection(connection: MysqlConnection): Transaction {
  // Without callbacks it is a wrapper, and mysql2 makes a new one at each call.
  const { connection: wrapped = connection } = connection as { connection?: object };
  return (work, onlyOfApp) =>
    inTurn(wrapped, async () => {
      const { serverStatus = 0 } = (await send(connection, 'DO 0')) as Header;
      if ((serverStatus & IN_TRANSACTION) !== 0)
        return inSavepoint(statementsOf(connection), () => work(connection, true));
      if (onlyOfApp) return work(connection);
      await send(connection, 'START TRANSACTION');
      try {
        const result = await work(connection);
        await send(connection, 'COMMIT');
        return result;
      } catch (error) {
        await send(connection, 'ROLLBACK');
        throw error;
      }
    });
}
