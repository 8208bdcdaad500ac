import { CommandError, UsageError } from './describe-error.js';
import { knownUser, shownUser } from './known-user.js';
import { printJson, printLine } from './output.js';
import { parseRoles } from './roles.js';
import { withUsers, type StoreNames } from './stores.js';

export interface UserRolesOptions extends StoreNames {
  none?: boolean;
  json?: boolean;
}

/** Without roles it shows those that the user has. */
export async function userRoles(username: string, texts: string[], options: UserRolesOptions): Promise<void> {
  if (options.none && texts.length > 0) throw new UsageError('Give roles or --none, not both');
  const roles = parseRoles(texts);
  const changes = options.none || roles.length > 0;
  await withUsers(options, async (users) => {
    const user = await knownUser(users, username);
    if (changes && !(await users.update(user.id, { roles })))
      throw new CommandError(`"${username}" has been deleted meanwhile`);
    const shown = shownUser(changes ? { ...user, roles } : user);
    if (options.json) printJson({ user: shown });
    else
      printLine(
        `Roles of "${shown.username}"${changes ? ', from the next login or refresh on' : ''}: ${shown.roles.join(', ') || 'none'}`,
      );
  });
}
