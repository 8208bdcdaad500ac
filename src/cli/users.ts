import type { StoredUser, UserStore } from '../stores/user-store.js';
import { CommandError, describeError, UsageError } from './describe-error.js';
import { printJson, printLine, printNote, printTable, type JsonOption } from './output.js';
import type { StoreNames } from './store-names.js';
import { withApp, withUserStore } from './stores.js';

export interface ListUsersOptions extends StoreNames, JsonOption {
  limit: number;
  after?: string;
}

export async function listUsers({ limit, after, json, ...names }: ListUsersOptions): Promise<void> {
  const page = await withUserStore(names, (users) =>
    users.list(after === undefined ? { limit } : { limit, after }),
  );
  const users = page.map(userForOutput);
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
  // Prints no command line to copy: the last username is untrusted, and a shell could execute what it contains.
  if (next !== null) printNote('There may be more: go on with --after and the last username');
}

export interface UserRolesOptions extends StoreNames, JsonOption {
  none?: boolean;
}

/** Sets the user's roles and prints them. Without roles and without `--none` it only prints them. */
export async function showOrSetRoles(
  username: string,
  roleArguments: string[],
  options: UserRolesOptions,
): Promise<void> {
  if (options.none && roleArguments.length > 0) throw new UsageError('Give roles or --none, not both');
  const roles = parseRoles(roleArguments);
  const isChange = options.none || roles.length > 0;
  await withUserStore(options, async (users) => {
    const user = await requireUser(users, username);
    if (isChange && !(await users.update(user.id, { roles }))) throw deletedMeanwhile(username);
    const shown = userForOutput(isChange ? { ...user, roles } : user);
    if (options.json) printJson({ user: shown });
    else
      printLine(
        `Roles of "${shown.username}"${isChange ? ', from the next login or refresh on' : ''}: ${shown.roles.join(', ') || 'none'}`,
      );
  });
}

/** The store notifies `createAuth` of the disabled user, and `createAuth` ends the user's sessions in all processes. */
export async function disableUser(username: string, options: StoreNames & JsonOption): Promise<void> {
  await withApp(options, async ({ users, auth }) => {
    const user = await requireUser(users, username);
    let ended: string[] = [];
    auth.events.on('revoked', ({ sessionIds }) => (ended = ended.concat(sessionIds)));
    const found = await users.update(user.id, { disabled: true }).catch((error: unknown) => {
      throw new CommandError(
        `"${user.username}" may be disabled, but it is not certain that all sessions have ended: run this again\n${describeError(error)}`,
        { cause: error },
      );
    });
    if (!found) throw deletedMeanwhile(username);
    if (options.json) printJson({ user: userForOutput({ ...user, disabled: true }), ended });
    else printLine(`Disabled "${user.username}"; sessions ended: ${ended.length}`);
  });
}

export async function enableUser(username: string, options: StoreNames & JsonOption): Promise<void> {
  await withUserStore(options, async (users) => {
    const user = await requireUser(users, username);
    if (!(await users.update(user.id, { disabled: false }))) throw deletedMeanwhile(username);
    if (options.json) printJson({ user: userForOutput({ ...user, disabled: false }) });
    else printLine(`Enabled "${user.username}", who may log in again`);
  });
}

/**
 * Roles from arguments, without duplicates: `a,b` and `c` are three roles.
 * @throws UsageError when a role is empty, or contains a space or a control character
 */
export function parseRoles(roleArguments: readonly string[]): string[] {
  const roles = roleArguments.flatMap((argument) => argument.split(',')).map((role) => role.trim());
  if (roles.some((role) => !/^[^\s\p{Cc}]+$/u.test(role)))
    throw new UsageError(
      'A role must be a word without spaces, separated from the next by a comma: admin,editor',
    );
  return [...new Set(roles)];
}

/** Finds a user, whatever the case of the name. @throws CommandError when there is no such user */
export async function requireUser(users: UserStore, username: string): Promise<StoredUser> {
  const user = await users.findByUsername(username);
  if (!user) throw new CommandError(`There is no user "${username}"`);
  return user;
}

/** The fields of a user that commands print. The password hash is not one of them. */
export function userForOutput({ id, username, roles, disabled = false }: StoredUser) {
  return { id, username, roles, disabled };
}

function deletedMeanwhile(username: string): CommandError {
  return new CommandError(`"${username}" has been deleted meanwhile`);
}
