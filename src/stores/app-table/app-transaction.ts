import { serviceUnavailable } from '../../errors.js';
import { mysqlNumberOf } from './dialects/mysql.js';
import type { TableAccess, TransactionAccess } from './sql-database.js';
import type { SqlStatements } from './sql-statements.js';

/** By connection, or transaction of the app: settles when all work on it so far has ended. */
const ends = new WeakMap<object, Promise<unknown>>();

/** One piece of work on a connection after the other, whichever stores have it: their savepoints have one name. */
export function inTurn<T>(connection: object, work: () => Promise<T>): Promise<T> {
  const next = (ends.get(connection) ?? Promise.resolve()).then(work);
  ends.set(
    connection,
    next.catch(() => undefined),
  );
  return next;
}

/** The savepoint came too late. What has been written since is the app's own, and stays. */
export class NotBegunError extends Error {}

/** In MySQL, though not in MariaDB: some versions of Prisma prepare every statement, and MySQL prepares no SAVEPOINT. */
const NOT_PREPARABLE = 1295;

/**
 * A piece of work in a transaction that the app has begun. A savepoint keeps its errors from the app's transaction: in PostgreSQL that takes
 * no more statements after a refused name.
 * @param sql on the connection of the transaction
 * @param otherwise what to do where the server refuses SAVEPOINT. Default: where MySQL takes none, the work is a part of the app's
 * transaction
 * @throws AuthError SERVICE_UNAVAILABLE if the whole transaction has been rolled back, as after a deadlock in MySQL: only the app can try
 * that again
 */
export async function inSavepoint<T>(
  sql: SqlStatements,
  work: () => Promise<T>,
  otherwise = (refused: unknown): Promise<T> => {
    if (mysqlNumberOf(refused) === NOT_PREPARABLE) return work();
    throw refused;
  },
): Promise<T> {
  try {
    await sql.execute('SAVEPOINT passport_visa');
  } catch (refused) {
    return otherwise(refused);
  }
  try {
    const result = await work();
    await sql.execute('RELEASE SAVEPOINT passport_visa');
    return result;
  } catch (error) {
    try {
      if (!(error instanceof NotBegunError)) await sql.execute('ROLLBACK TO SAVEPOINT passport_visa');
      // Otherwise it would stay, and each further one would lie inside of it.
      await sql.execute('RELEASE SAVEPOINT passport_visa');
    } catch {
      throw serviceUnavailable(error);
    }
    throw error;
  }
}

/** What a library does in a transaction that the app has begun, in a savepoint of ours: its own one may have the name of one that the app has begun. */
export function inTransactionOfApp<T>(
  connection: object,
  access: TableAccess,
  work: (access: TransactionAccess) => Promise<T>,
): Promise<T> {
  return inTurn(connection, () => inSavepoint(access.sql, () => work({ ...access, isOfApp: true })));
}
