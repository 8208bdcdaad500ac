import { CommandError, reasonOf, SettingError, UsageError } from '../describe-error.js';
import { RefusedCommand } from '../redis.js';

/** One line of the doctor's report. */
export interface Finding {
  /** What was checked: `redis`, `postgres`, `secrets` … */
  readonly about: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** How to fix it. Every `warn` and `fail` has one. */
  readonly cure?: string;
}

/** Makes findings that share their `about`. */
export function findingsAbout(about: string) {
  return {
    ok: (message: string): Finding => ({ about, level: 'ok', message }),
    warn: (message: string, cure: string): Finding => ({ about, level: 'warn', message, cure }),
    fail: (message: string, cure: string): Finding => ({ about, level: 'fail', message, cure }),
  };
}

/**
 * Reports that a server can't be used.
 * @param variable the environment variable that has its URL
 * @throws UsageError for options of the command that are wrong, which says nothing about the server
 */
export function connectionFailure(
  about: string,
  variable: 'DATABASE_URL' | 'REDIS_URL',
  error: unknown,
): Finding {
  if (error instanceof UsageError && !(error instanceof SettingError)) throw error;
  const message = error instanceof CommandError ? error.message : reasonOf(error);
  return findingsAbout(about).fail(message, connectionCure(variable, error));
}

function connectionCure(variable: string, error: unknown): string {
  if (error instanceof SettingError) return `correct ${variable}`;
  const reason = error instanceof CommandError ? error.cause : error;
  if (reason === undefined) return 'install it, and run the doctor there'; // a missing package
  return isServerError(reason)
    ? `the server is there and refuses: see whether the user, the password and the database in ${variable} are right`
    : `start the server, and see whether ${variable} and the firewall let this machine in`;
}

/** Whether the server itself sent the error: PostgreSQL's have a `severity`. */
function isServerError(reason: unknown): boolean {
  return reason instanceof RefusedCommand || (reason instanceof Error && 'severity' in reason);
}
