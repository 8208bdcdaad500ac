import { Option, type Command } from 'commander';
import {
  examples,
  username,
  wholeNumber,
  withEnvironment,
  withSessions,
  withTables,
  withUsersTable,
} from './command-options.js';
import type { CreateUserOptions } from './create-user.js';
import type { ListUsersOptions, UserOptions, UserRolesOptions } from './users.js';

export function defineUserCommands(users: Command): void {
  withUsersTable(withEnvironment(users.command('create')))
    .description('create a user, by the rules of POST /register; asks for the password')
    .addArgument(username())
    .option('--roles <roles>', 'with commas between them')
    .option('--password-stdin', 'read the password from stdin, without its line break')
    .addOption(new Option('--min-length <n>', "the app's password.minLength").argParser(wholeNumber(1, 64)))
    .addHelpText(
      'after',
      examples('users create ann --roles admin,editor', 'users create bob --password-stdin < password.txt'),
    )
    .action(async (name: string, options: CreateUserOptions) =>
      (await import('./create-user.js')).createUser(name, options),
    );

  withUsersTable(withEnvironment(users.command('list')))
    .description('list users by name')
    .addOption(new Option('--limit <n>', 'how many').argParser(wholeNumber(1, 1000)).default(100))
    .option('--after <username>', 'go on behind this one')
    .addHelpText('after', examples('users list', 'users list --limit 50 --after ann --json'))
    .action(async (options: ListUsersOptions) => (await import('./users.js')).listUsers(options));

  defineChanges(users);
}

function defineChanges(users: Command): void {
  withUsersTable(withEnvironment(users.command('roles')))
    .description("set a user's roles, or show them; they count from the next login or refresh on")
    .addArgument(username())
    .argument('[roles...]', 'all the roles that the user is to have')
    .option('--none', 'take all roles away')
    .addHelpText(
      'after',
      examples('users roles ann', 'users roles ann admin editor', 'users roles ann --none'),
    )
    .action(async (name: string, roles: string[], options: UserRolesOptions) =>
      (await import('./users.js')).userRoles(name, roles, options),
    );

  withSessions(withTables(withEnvironment(users.command('disable'))))
    .description('shut a user out: no login any more, and all sessions end at once, in every process')
    .addArgument(username())
    .addHelpText('after', examples('users disable ann'))
    .action(async (name: string, options: UserOptions) =>
      (await import('./users.js')).disableUser(name, options),
    );

  withUsersTable(withEnvironment(users.command('enable')))
    .description('let a disabled user log in again')
    .addArgument(username())
    .addHelpText('after', examples('users enable ann'))
    .action(async (name: string, options: UserOptions) =>
      (await import('./users.js')).enableUser(name, options),
    );
}
