import { printJson, printNote, printTable } from './output.js';
import { withApp, type StoreNames } from './stores.js';
import { knownUser } from './users.js';

export async function listSessions(
  username: string,
  { json, ...names }: StoreNames & { json?: boolean },
): Promise<void> {
  const sessions = await withApp(names, async ({ users, auth }) =>
    auth.sessions.list((await knownUser(users, username)).id),
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
