import { CommandError, describeError } from './describe-error.js';
import { knownUser, shownUser } from './known-user.js';
import { printJson, printLine } from './output.js';
import { withApp, withUsers, type StoreNames } from './stores.js';

interface AccessOptions extends StoreNames {
  json?: boolean;
}

/** The store tells `createAuth`, which ends the user's sessions in all processes. */
export async function disableUser(username: string, options: AccessOptions): Promise<void> {
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
    if (!known) throw deleted(username);
    if (options.json) printJson({ user: shownUser({ ...user, disabled: true }), ended });
    else printLine(`Disabled "${user.username}"; sessions ended: ${ended.length}`);
  });
}

export async function enableUser(username: string, options: AccessOptions): Promise<void> {
  await withUsers(options, async (users) => {
    const user = await knownUser(users, username);
    if (!(await users.update(user.id, { disabled: false }))) throw deleted(username);
    if (options.json) printJson({ user: shownUser({ ...user, disabled: false }) });
    else printLine(`Enabled "${user.username}", who may log in again`);
  });
}

function deleted(username: string): CommandError {
  return new CommandError(`"${username}" has been deleted meanwhile`);
}
