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
 * no more statements after a refused name. Where MySQL takes no savepoint, the work is a part of the app's transaction.
 * @param sql on the connection of the transaction
 * @throws AuthError SERVICE_UNAVAILABLE if the whole transaction has been rolled back, as after a deadlock in MySQL: only the app can try
 * that again
 */
export async function inSavepoint<T>(sql: SqlStatements, work: () => Promise<T>): Promise<T> {
  try {
    await sql.execute('SAVEPOINT passport_visa');
  } catch (error) {
    if (mysqlNumberOf(error) === NOT_PREPARABLE) return work();
    throw error;
  }
  try {
    const result = await work();
    await sql.execute('RELEASE SAVEPOINT passport_visa');
    return result;
  } catch (error) {
    await sql.execute('ROLLBACK TO SAVEPOINT passport_visa').catch(() => {
      throw serviceUnavailable(error);
    });
    throw error;
  }
}
