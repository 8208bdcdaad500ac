import { inSavepoint } from '../../../src/stores/app-table/app-transaction';
import type { SqlStatements } from '../../../src/stores/app-table/sql-statements';

/** What adapters of Prisma make of the answer of MySQL 8 to a SAVEPOINT as a prepared statement. MariaDB prepares it. */
const REFUSED = Object.assign(new Error('Raw query failed'), {
  code: 'P2010',
  meta: {
    driverAdapterError: {
      cause: {
        originalCode: '1295',
        originalMessage: 'This command is not supported in the prepared statement protocol yet',
      },
    },
  },
});

function refusing(error: Error): SqlStatements & { sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    query: () => Promise.resolve([]),
    execute(text) {
      sent.push(text);
      return Promise.reject(error);
    },
  };
}

describe('a server that refuses SAVEPOINT', () => {
  test('as a prepared statement: the work is a part of the transaction of the app', async () => {
    const sql = refusing(REFUSED);
    expect(await inSavepoint(sql, () => Promise.resolve('done'))).toBe('done');
    const taken = new Error('taken');
    await expect(inSavepoint(sql, () => Promise.reject(taken))).rejects.toBe(taken);
    expect(sql.sent).toEqual(['SAVEPOINT passport_visa', 'SAVEPOINT passport_visa']);
  });

  test('for any other reason: the work is not begun', async () => {
    const work = jest.fn();
    const gone = new Error('Connection lost');
    await expect(inSavepoint(refusing(gone), work)).rejects.toBe(gone);
    expect(work).not.toHaveBeenCalled();
  });
});
