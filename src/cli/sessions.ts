import { CommandError, UsageError } from './describe-error.js';
import { printJson, printLine, printNote, printTable, type JsonOption } from './output.js';
import { withApp, type StoreNames } from './stores.js';
import { requireUser } from './users.js';

export async function listSessions(
  username: string,
  { json, ...names }: StoreNames & JsonOption,
): Promise<void> {
  const sessions = await withApp(names, async ({ users, auth }) =>
    auth.sessions.list((await requireUser(users, username)).id),
  );
  const shown = sessions.map((session) => ({
    id: session.sessionId,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.rotatedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    ip: session.ip ?? null,
    userAgent: session.userAgent ?? null,
  }));
  if (json) {
    printJson({ sessions: shown });
  } else if (shown.length === 0) {
    printNote(`"${username}" has no sessions`);
  } else {
    printTable(
      ['ID', 'LAST USED', 'EXPIRES', 'ADDRESS', 'USER AGENT'],
      shown.map((each) => [each.id, each.lastUsedAt, each.expiresAt, each.ip ?? '-', each.userAgent ?? '-']),
    );
  }
}

export interface EndSessionsOptions extends StoreNames, JsonOption {
  all?: boolean;
}

export async function endSessions(
  username: string,
  sessionId: string | undefined,
  { all, json, ...names }: EndSessionsOptions,
): Promise<void> {
  if ((sessionId === undefined) === !all) throw new UsageError('Give the id of a session, or --all');
  const ended = await withApp(names, async ({ users, auth }) => {
    const user = await requireUser(users, username);
    if (sessionId === undefined) return auth.sessions.revokeAll(user.id);
    if (await auth.sessions.revoke(user.id, sessionId)) return [sessionId];
    throw new CommandError(`"${user.username}" has no session ${sessionId}`);
  });
  if (json) printJson({ ended });
  else printLine(`Sessions ended: ${ended.length}`);
}
