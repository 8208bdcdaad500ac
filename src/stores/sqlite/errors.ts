import { types } from 'node:util';

/** Primary result codes of SQLite (sqlite.org/rescode.html) by number. node:sqlite tells the number, better-sqlite3 the name. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'ERROR',
  5: 'BUSY',
  6: 'LOCKED',
  15: 'PROTOCOL',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  21: 'MISUSE',
  25: 'RANGE',
};
/** Another connection has a lock, or this one is still in use. It passes. */
const LOCKED: ReadonlySet<unknown> = new Set(['BUSY', 'LOCKED', 'PROTOCOL']);
/** Mistakes of the program. Every other code is trouble with the file, the disk or the memory. */
const MISTAKES: ReadonlySet<unknown> = new Set(['ERROR', 'CONSTRAINT', 'MISMATCH', 'MISUSE', 'RANGE']);

/** The primary result code without `SQLITE_`; a code that isn't in the table as its number. Undefined: not SQLite's error. */
export function sqliteCode(error: unknown): string | undefined {
  if (!types.isNativeError(error)) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  // The low byte is the primary code, the rest tells more: 517 is SQLITE_BUSY_SNAPSHOT.
  if (typeof errcode === 'number') return NAMES[errcode & 0xff] ?? String(errcode & 0xff);
  return typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined;
}

/** A lock of another connection, or a transaction that the app has open on this one. */
export function isLocked(error: unknown): boolean {
  return LOCKED.has(sqliteCode(error));
}

/** Trouble with the file, or a database that the app has closed. */
export function isOutage(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code !== undefined) return !MISTAKES.has(code);
  return types.isNativeError(error) && (error as NodeJS.ErrnoException).code === 'ERR_INVALID_STATE';
}

/**
 * SQLite refuses the statement. As ours are right, the reason is the database: a table that isn't there, or a transaction that is
 * open.
 */
export function isError(error: unknown): boolean {
  return sqliteCode(error) === 'ERROR';
}
