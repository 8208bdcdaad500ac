import { AuthError, isAuthError } from '../errors.js';
import { SCHEMA_FAULTS } from '../stores/app-table/dialects/postgres-states.js';
import { sqliteCode } from '../stores/app-table/dialects/sqlite-errors.js';
import { SQLITE } from '../stores/app-table/dialects/sqlite.js';
import { MissingTableError } from '../stores/app-table/table-facts.js';
import { sqlState } from '../stores/postgres/client.js';
import { SessionFormatError } from '../stores/session-format.js';
import { reasonOf as reasonInWords, withoutCredentials } from '../utils/reason-of.js';

/** The command line or the environment is wrong: exit status 2. */
export class UsageError extends Error {}

/** A variable of the environment is missing or wrong. */
export class SettingError extends UsageError {}

/** The command failed. The message is one line for the person who typed it: exit status 1. */
export class CommandError extends Error {}

/**
 * Turns a TypeError into a UsageError. The stores and `createAuth` throw one for a wrong option, with a message that says how
 * to fix it; here the option came from the command line.
 */
export function asUsageError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** What went wrong, for the person who typed the command. */
export function describeError(error: unknown): string {
  if (error instanceof CommandError || error instanceof UsageError) return withoutCredentials(error.message);
  if (isAuthError(error, 'SERVICE_UNAVAILABLE') && !(error.cause instanceof SessionFormatError))
    return describeOutage(error.cause, reasonOf(error));
  if (error instanceof MissingTableError || (error instanceof Error && isSchemaFault(error.cause)))
    return 'The schema is not up to date: run `npx passport-visa migrate`';
  return reasonOf(error);
}

/** A table or a column is missing. */
function isSchemaFault(cause: unknown): boolean {
  return SCHEMA_FAULTS.has(sqlState(cause)) || SQLITE.kindOfError(cause) === 'schema';
}

function describeOutage(cause: unknown, reason: string): string {
  if (reason.startsWith('MOVED '))
    return 'REDIS_URL leads to a Redis Cluster, which this command does not know: use auth.sessions in a script';
  return sqliteCode(cause) === undefined
    ? `A server is out of reach: ${reason}`
    : `The file of SQLite can't be used: ${reason}`;
}

/** The cause in words, as the library or the server gave it. */
export function reasonOf(error: unknown): string {
  // An AuthError says little because clients read it. The operator of the server may see its cause.
  return reasonInWords(error, (each) => each instanceof AuthError && Boolean(each.cause));
}

/** Stack traces only. Other members of a library's errors hold what was sent, which may include passwords. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return withoutCredentials(`${error.stack ?? error.message}\n`) + stackOf(error.cause);
}
