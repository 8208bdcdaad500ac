import { isAuthError } from '../errors.js';
import { SCHEMA_FAULTS, sqlState } from '../stores/postgres/client.js';
import { SessionFormatError } from '../stores/session-format.js';
import { CommandError, UsageError } from './cli-error.js';
import { reasonOf, withoutCredentials } from './reason.js';

/** What went wrong, for whoever typed the command. */
export function describeError(error: unknown): string {
  if (error instanceof CommandError || error instanceof UsageError) return withoutCredentials(error.message);
  if (isAuthError(error, 'SERVICE_UNAVAILABLE') && !(error.cause instanceof SessionFormatError))
    return outage(reasonOf(error));
  if (error instanceof Error && SCHEMA_FAULTS.has(sqlState(error.cause)))
    return 'The schema is not up to date: run `npx passport-visa migrate`';
  return reasonOf(error);
}

function outage(reason: string): string {
  if (reason.startsWith('MOVED '))
    return 'REDIS_URL leads to a Redis Cluster, which this command does not know: use auth.sessions in a script';
  return `A server is out of reach: ${reason}`;
}

/** The stacks alone: other members of a library's errors hold what was sent, passwords among it. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return withoutCredentials(`${error.stack ?? error.message}\n`) + stackOf(error.cause);
}
