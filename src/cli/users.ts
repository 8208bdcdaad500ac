import type { StoredUser, UserStore } from '../stores/user-store.js';
import { CommandError, describeError, UsageError } from './describe-error.js';
import { printJson, printLine, printNote, printTable, type JsonOption } from './output.js';
import { withApp, withUsers, type StoreNames } from './stores.js';

export interface ListUsersOptions extends StoreNames, JsonOption {
  limit: number;
  after?: string;
}

export async function listUsers({ limit, after, json, ...names }: ListUsersOptions): Promise<void> {
  const page = await withUsers(names, (users) =>
    users.list(after === undefined ? { limit } : { limit, after }),
  );
  const users = page.map(shownUser);
  const next = users.length === limit ? (users.at(-1)?.username ?? null) : null;
  if (json) {
    printJson({ users, next });
    return;
  }
  printTable(
    ['USERNAME', 'ID', 'ROLES', 'STATE'],
    users.map((user) => [
      user.username,
      user.id,
      user.roles.join(',') || '-',
      user.disabled ? 'disabled' : 'enabled',
    ]),
  );
  // No line to copy: a shell might act on what a stranger's name has in it.
  if (next !== null) printNote('There may be more: go on with --after and the last username');
}

export interface UserRolesOptions extends StoreNames, JsonOption {
  none?: boolean;
}

/** Without roles it shows those that the user has. */
export async function userRoles(username: string, texts: string[], options: UserRolesOptions): Promise<void> {
  if (options.none && texts.length > 0) throw new UsageError('Give roles or --none, not both');
  const roles = parseRoles(texts);
  const changes = options.none || roles.length > 0;
  await withUsers(options, async (users) => {
    const user = await knownUser(users, username);
    if (changes && !(await users.update(user.id, { roles }))) throw deletedMeanwhile(username);
    const shown = shownUser(changes ? { ...user, roles } : user);
    if (options.json) printJson({ user: shown });
    else
      printLine(
        `Roles of "${shown.username}"${changes ? ', from the next login or refresh on' : ''}: ${shown.roles.join(', ') || 'none'}`,
      );
  });
}

/** The store tells `createAuth`, which ends the user's sessions in all processes. */
export async function disableUser(username: string, options: StoreNames & JsonOption): Promise<void> {
  await withApp(options, async ({ users, auth }) => {
    const user = await knownUser(users, username);
    let ended: string[] = [];
    auth.events.on('revoked', ({ sessionIds }) => (ended = ended.concat(sessionIds)));
    const known = await users.update(user.id, { disabled: true }).catch((error: unknown) => {
      throw new CommandError(
        `"${user.username}" may be disabled, but it is not certain that all sessions have ended: run this again\n${describeError(error)}`,
        { cause: error },
      );
    });
    if (!known) throw deletedMeanwhile(username);
    if (options.json) printJson({ user: shownUser({ ...user, disabled: true }), ended });
    else printLine(`Disabled "${user.username}"; sessions ended: ${ended.length}`);
  });
}

export async function enableUser(username: string, options: StoreNames & JsonOption): Promise<void> {
  await withUsers(options, async (users) => {
    const user = await knownUser(users, username);
    if (!(await users.update(user.id, { disabled: false }))) throw deletedMeanwhile(username);
    if (options.json) printJson({ user: shownUser({ ...user, disabled: false }) });
    else printLine(`Enabled "${user.username}", who may log in again`);
  });
}

/** `a,b c` as it comes from arguments: separated by commas, spaces or both. */
export function parseRoles(texts: readonly string[]): string[] {
  const roles = texts.flatMap((text) => text.split(',')).map((role) => role.trim());
  if (roles.some((role) => !/^[^\s\p{Cc}]+$/u.test(role)))
    throw new UsageError(
      'A role must be a word without spaces, separated from the next by a comma: admin,editor',
    );
  return [...new Set(roles)];
}

/** @throws CommandError when there is no such user */
export async function knownUser(users: UserStore, username: string): Promise<StoredUser> {
  const user = await users.findByUsername(username);
  if (!user) throw new CommandError(`There is no user "${username}"`);
  return user;
}

/** What is shown of a user: never the hash of the password. */
export function shownUser({ id, username, roles, disabled = false }: StoredUser) {
  return { id, username, roles, disabled };
}

function deletedMeanwhile(username: string): CommandError {
  return new CommandError(`"${username}" has been deleted meanwhile`);
}
