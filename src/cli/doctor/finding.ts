import { CommandError, UsageError } from '../describe-error.js';

/** One line of a diagnosis. */
export interface Finding {
  /** What was looked at: `redis`, `postgres`, `secrets` … */
  readonly about: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it. */
  readonly cure?: string;
}

/** Findings about one thing, in the order of looking. */
export function findingsAbout(about: string) {
  return {
    ok: (message: string): Finding => ({ about, level: 'ok', message }),
    warn: (message: string, cure: string): Finding => ({ about, level: 'warn', message, cure }),
    fail: (message: string, cure: string): Finding => ({ about, level: 'fail', message, cure }),
  };
}

/** What to do about a server that can't be used. @param variable names where it is */
export function connectionCure(error: unknown, variable: 'DATABASE_URL' | 'REDIS_URL'): string {
  if (error instanceof UsageError) return `correct ${variable}`;
  const reason = error instanceof CommandError ? error.cause : error;
  if (reason === undefined) return 'install it, and run the doctor there'; // a missing package
  return isAnswer(reason)
    ? `the server is there and refuses: see whether the user, the password and the database in ${variable} are right`
    : `start the server, and see whether ${variable} and the firewall let this machine in`;
}

/** Whether the server said so itself: PostgreSQL's errors carry a severity, ioredis names Redis's own. */
function isAnswer(reason: unknown): boolean {
  return reason instanceof Error && ('severity' in reason || reason.name === 'ReplyError');
}
