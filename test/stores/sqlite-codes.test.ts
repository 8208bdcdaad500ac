import { SQLITE } from '../../src/stores/app-table/dialects/sqlite';
import { isLocked, isOutage } from '../../src/stores/app-table/dialects/sqlite-errors';

/** Result codes of SQLite that the drivers throw (https://www.sqlite.org/rescode.html), and what they mean for a caller. */
const CODES: [number: number, name: string, kind: string][] = [
  [1, 'ERROR', 'mistake'],
  [2, 'INTERNAL', 'outage'],
  [3, 'PERM', 'outage'],
  [4, 'ABORT', 'outage'],
  [5, 'BUSY', 'rolled-back'],
  [517, 'BUSY_SNAPSHOT', 'rolled-back'],
  [6, 'LOCKED', 'rolled-back'],
  [7, 'NOMEM', 'outage'],
  [8, 'READONLY', 'outage'],
  [9, 'INTERRUPT', 'outage'],
  [10, 'IOERR', 'outage'],
  [11, 'CORRUPT', 'outage'],
  [13, 'FULL', 'outage'],
  [14, 'CANTOPEN', 'outage'],
  [15, 'PROTOCOL', 'rolled-back'],
  [17, 'SCHEMA', 'outage'],
  [18, 'TOOBIG', 'mistake'],
  [19, 'CONSTRAINT', 'mistake'],
  [1299, 'CONSTRAINT_NOTNULL', 'mistake'],
  [1555, 'CONSTRAINT_PRIMARYKEY', 'taken'],
  [2067, 'CONSTRAINT_UNIQUE', 'taken'],
  [2579, 'CONSTRAINT_ROWID', 'taken'],
  [20, 'MISMATCH', 'mistake'],
  [21, 'MISUSE', 'mistake'],
  [25, 'RANGE', 'mistake'],
  [26, 'NOTADB', 'outage'],
];

test.each(CODES)('%i, SQLITE_%s, is %s to all stores, over both drivers', (number, name, kind) => {
  for (const members of [{ code: 'ERR_SQLITE_ERROR', errcode: number }, { code: `SQLITE_${name}` }]) {
    const error = Object.assign(new Error('refused'), members);
    expect([members, SQLITE.kindOfError(error)]).toEqual([members, kind]);
    expect(SQLITE.kindOfError(new Error('wrapped', { cause: error }))).toBe(kind);
    expect([isOutage(error), isLocked(error)]).toEqual([kind === 'outage', kind === 'rolled-back']);
  }
});

test('a table or a column that is missing is told from other errors', () => {
  for (const message of ['no such table: people', 'no such column: email'])
    for (const members of [{ errcode: 1 }, { code: 'SQLITE_ERROR' }])
      expect(SQLITE.kindOfError(Object.assign(new Error(message), members))).toBe('schema');
});
