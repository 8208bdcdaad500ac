import { serviceUnavailable } from '../../errors.js';
import { mysqlNumberOf } from './dialects/mysql.js';
import type { SqlStatements } from './sql-statements.js';

/** One piece of work after the other. */
export function inTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

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
      await sql.execute('ROLLBACK TO SAVEPOINT passport_visa');
      // Otherwise it would stay, and each further one would lie inside of it.
      await sql.execute('RELEASE SAVEPOINT passport_visa');
    } catch {
      throw serviceUnavailable(error);
    }
    throw error;
  }
}
