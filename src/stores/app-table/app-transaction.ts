import { serviceUnavailable } from '../../errors.js';
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

/**
 * A piece of work in a transaction that the app has begun. A savepoint keeps its errors from the app's transaction: in PostgreSQL that takes
 * no more statements after a refused name.
 * @param sql on the connection of the transaction
 * @throws AuthError SERVICE_UNAVAILABLE if the whole transaction has been rolled back, as after a deadlock in MySQL: only the app can try
 * that again
 */
export async function inSavepoint<T>(sql: SqlStatements, work: () => Promise<T>): Promise<T> {
  await sql.execute('SAVEPOINT passport_visa');
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
