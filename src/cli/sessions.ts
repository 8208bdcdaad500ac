import type { Auth } from '../auth.js';
import { CommandError, UsageError } from './describe-error.js';
import { printJson, printLine, printNote, printTable, type JsonOption } from './output.js';
import type { StoreNames } from './store-names.js';
import { withApp, withSessions } from './stores.js';
import { requireUser } from './users.js';

export interface ListSessionsOptions extends StoreNames, JsonOption {
  /** The id of the user, who is not looked up then. */
  id?: string;
}

export async function listSessions(
  username: string | undefined,
  { id, json, ...names }: ListSessionsOptions,
): Promise<void> {
  const { user, sessions } = await withUser(username, id, names, async (found, auth) => ({
    user: found,
    sessions: await auth.sessions.list(found.id),
  }));
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
    printNote(`${user.shownAs} has no sessions`);
  } else {
    printTable(
      ['ID', 'LAST USED', 'EXPIRES', 'ADDRESS', 'USER AGENT'],
      shown.map((each) => [each.id, each.lastUsedAt, each.expiresAt, each.ip ?? '-', each.userAgent ?? '-']),
    );
  }
}

export interface EndSessionsOptions extends ListSessionsOptions {
  all?: boolean;
}

/** Takes a username and a session id or, with `--id`, only a session id. */
export async function endSessions(
  first: string | undefined,
  second: string | undefined,
  { id, all, json, ...names }: EndSessionsOptions,
): Promise<void> {
  const [username, sessionId, ...tooMany] = id === undefined ? [first, second] : [undefined, first, second];
  if ((sessionId === undefined) === !all || tooMany[0] !== undefined)
    throw new UsageError('Give the id of a session, or --all; and the user by name or by --id');
  const ended = await withUser(username, id, names, async (user, auth) => {
    if (sessionId === undefined) return auth.sessions.revokeAll(user.id);
    if (await auth.sessions.revoke(user.id, sessionId)) return [sessionId];
    throw new CommandError(`${user.shownAs} has no session ${sessionId}`);
  });
  if (json) printJson({ ended });
  else printLine(`Sessions ended: ${ended.length}`);
}

interface FoundUser {
  id: string;
  shownAs: string;
}

/** Looks the user up by name. An id is taken as it is, because the users may be in a store that this command doesn't know. */
async function withUser<T>(
  username: string | undefined,
  id: string | undefined,
  names: StoreNames,
  work: (user: FoundUser, auth: Auth) => Promise<T>,
): Promise<T> {
  if ((username === undefined) === (id === undefined))
    throw new UsageError('Give the name of a user, or --id and the id of a user');
  if (id !== undefined) return withSessions(names, (auth) => work({ id, shownAs: `The user ${id}` }, auth));
  return withApp(
    names,
    async ({ users, auth }) => {
      const user = await requireUser(users, username ?? '');
      return work({ id: user.id, shownAs: `"${user.username}"` }, auth);
    },
    {
      otherwise:
        'It has the users; if they are in a store of your own, or only REDIS_URL is set, name the user by --id <id>',
    },
  );
}
