import { isAuthError } from '../errors.js';
import { sqlState, UNDEFINED_TABLE } from '../stores/postgres-client.js';
import { CommandError, UsageError } from './cli-error.js';
import { reasonOf, withoutCredentials } from './reason.js';

/** What went wrong, for whoever typed the command. */
export function describeError(error: unknown): string {
  if (error instanceof CommandError || error instanceof UsageError) return withoutCredentials(error.message);
  if (isAuthError(error, 'SERVICE_UNAVAILABLE')) return outage(reasonOf(error));
  if (error instanceof Error && sqlState(error.cause) === UNDEFINED_TABLE)
    return 'A table is missing: run `npx passport-visa migrate`';
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
