import { CommandError, UsageError } from './describe-error.js';
import { printJson, printLine } from './output.js';
import { withApp, type StoreNames } from './stores.js';
import { knownUser } from './users.js';

export interface EndSessionsOptions extends StoreNames {
  all?: boolean;
  json?: boolean;
}

export async function endSessions(
  username: string,
  sessionId: string | undefined,
  { all, json, ...names }: EndSessionsOptions,
): Promise<void> {
  if ((sessionId === undefined) === !all) throw new UsageError('Give the id of a session, or --all');
  const ended = await withApp(names, async ({ users, auth }) => {
    const user = await knownUser(users, username);
    if (sessionId === undefined) return auth.sessions.revokeAll(user.id);
    if (await auth.sessions.revoke(user.id, sessionId)) return [sessionId];
    throw new CommandError(`"${user.username}" has no session ${sessionId}`);
  });
  if (json) printJson({ ended });
  else printLine(`Sessions ended: ${ended.length}`);
}
