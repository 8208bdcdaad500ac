import { Option, type Command } from 'commander';
import {
  examples,
  optionalUsernameArgument,
  sessionIdArgument,
  userIdOption,
  usernameArgument,
  wholeNumber,
  withEnvironment,
  withJson,
  withSessionOptions,
  withTableNames,
  withUsersTableName,
} from './command-options.js';
import type { CreateUserOptions } from './create-user.js';
import type { DoctorOptions } from './doctor.js';
import type { ResetLinkOptions } from './email-account.js';
import type { MigrateOptions } from './migrate.js';
import type { JsonOption } from './output.js';
import type { EndSessionsOptions, ListSessionsOptions } from './sessions.js';
import type { StoreNames } from './store-names.js';
import type { ListUsersOptions, UserRolesOptions } from './users.js';

/** Every command, in the order of the help. An action is loaded only when it runs, which keeps `--help` and `secret` quick. */
export function defineCommands(program: Command, setExitCode: (code: number) => void): void {
  defineSecret(program.command('secret'));
  defineMigrate(program.command('migrate'));
  const users = program
    .command('users')
    .description(
      'create, list, disable and enable users; help them with their passwords, addresses and second factors',
    );
  defineUsersCreate(users.command('create'));
  defineUsersList(users.command('list'));
  defineUsersRoles(users.command('roles'));
  defineUsersDisable(users.command('disable'));
  defineUsersEnable(users.command('enable'));
  defineUsersResetLink(users.command('reset-link'));
  defineUsersVerify(users.command('verify'));
  defineUsersResetFactors(users.command('reset-factors'));
  const sessions = program.command('sessions').description("list and end a user's sessions");
  defineSessionsList(sessions.command('list'));
  defineSessionsEnd(sessions.command('end'));
  defineDoctor(program.command('doctor'), setExitCode);
}

function defineSecret(command: Command): void {
  withJson(command)
    .description('print fresh secrets, as two lines for .env')
    .addHelpText('after', examples('secret >> .env', 'secret --json'))
    .action(async (options: JsonOption) => (await import('./secret.js')).secret(options));
}

function defineMigrate(command: Command): void {
  withTableNames(withEnvironment(command))
    .description(
      'create the tables of users and sessions in PostgreSQL or SQLite, or what is missing of them',
    )
    .addOption(new Option('--only <part>', 'one part of the schema').choices(['users', 'sessions']))
    .option('--dry-run', 'print the SQL, and connect to nothing')
    .addOption(
      new Option(
        '--dialect <name>',
        'for mysql and sqlite the SQL is printed (default: the database of DATABASE_URL, or postgres)',
      ).choices(['postgres', 'mysql', 'sqlite']),
    )
    .option('--beside <table>', 'print the SQL of the tables beside a table of users of your own')
    .addHelpText(
      'after',
      examples(
        'migrate --env-file .env',
        'migrate --dry-run > schema.sql',
        'migrate --only users',
        'migrate --dialect mysql --beside people',
      ),
    )
    .action(async (options: MigrateOptions) => (await import('./migrate.js')).migrate(options));
}

function defineUsersCreate(command: Command): void {
  withUsersTableName(withEnvironment(command))
    .description('create a user, by the rules of POST /register; asks for the password')
    .addArgument(usernameArgument())
    .option('--roles <roles>', 'with commas between them')
    .option('--password-stdin', 'read the password from stdin, without its line break')
    .addOption(new Option('--min-length <n>', "the app's password.minLength").argParser(wholeNumber(1, 64)))
    .addOption(
      new Option('--password-long <how>', "the app's password.long (default: prehash)").choices([
        'prehash',
        'refuse',
      ]),
    )
    .addHelpText(
      'after',
      examples('users create ann --roles admin,editor', 'users create bob --password-stdin < password.txt'),
    )
    .action(async (name: string, options: CreateUserOptions) =>
      (await import('./create-user.js')).createUser(name, options),
    );
}

function defineUsersList(command: Command): void {
  withUsersTableName(withEnvironment(command))
    .description('list users by name')
    .addOption(new Option('--limit <n>', 'how many').argParser(wholeNumber(1, 1000)).default(100))
    .option('--after <username>', 'go on behind this one')
    .addHelpText('after', examples('users list', 'users list --limit 50 --after ann --json'))
    .action(async (options: ListUsersOptions) => (await import('./users.js')).listUsers(options));
}

function defineUsersRoles(command: Command): void {
  withUsersTableName(withEnvironment(command))
    .description("set a user's roles, or show them; they count from the next login or refresh on")
    .addArgument(usernameArgument())
    .argument('[roles...]', 'all the roles that the user is to have')
    .option('--none', 'take all roles away')
    .addHelpText(
      'after',
      examples('users roles ann', 'users roles ann admin editor', 'users roles ann --none'),
    )
    .action(async (name: string, roles: string[], options: UserRolesOptions) =>
      (await import('./users.js')).showOrSetRoles(name, roles, options),
    );
}

function defineUsersDisable(command: Command): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description('shut a user out: no login any more, and all sessions end at once, in every process')
    .addArgument(usernameArgument())
    .addHelpText('after', examples('users disable ann'))
    .action(async (name: string, options: StoreNames & JsonOption) =>
      (await import('./users.js')).disableUser(name, options),
    );
}

function defineUsersEnable(command: Command): void {
  withUsersTableName(withEnvironment(command))
    .description('let a disabled user log in again')
    .addArgument(usernameArgument())
    .addHelpText('after', examples('users enable ann'))
    .action(async (name: string, options: StoreNames & JsonOption) =>
      (await import('./users.js')).enableUser(name, options),
    );
}

function defineUsersResetLink(command: Command): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description(
      'print a link with which a user chooses a new password, for an app with emailAccount(); sends no mail',
    )
    .addArgument(usernameArgument())
    .option('--base-url <url>', "the feature's baseUrl (default: BASE_URL of the environment)")
    .option('--path <path>', "the feature's paths.reset (default: /reset-password)")
    .option('--lifetime <duration>', "the feature's lifetimes.reset (default: 15m)")
    .addHelpText(
      'after',
      examples(
        'users reset-link ann@example.com --base-url https://app.example.com',
        'users reset-link ann@example.com --json',
      ),
    )
    .action(async (name: string, options: ResetLinkOptions) =>
      (await import('./email-account.js')).printResetLink(name, options),
    );
}

function defineUsersVerify(command: Command): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description("mark a user's address as proved, for an app with emailAccount({ verification: 'later' })")
    .addArgument(usernameArgument())
    .addHelpText('after', examples('users verify ann@example.com'))
    .action(async (name: string, options: StoreNames & JsonOption) =>
      (await import('./email-account.js')).verifyAddress(name, options),
    );
}

function defineUsersResetFactors(command: Command): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description(
      'for a user who has lost the second factor, in an app with secondFactor(): remove all second factors, recovery codes and trusted ' +
        'devices, and end all sessions; sends no mail',
    )
    .addArgument(usernameArgument())
    .addHelpText('after', examples('users reset-factors ann', 'users reset-factors ann --json'))
    .action(async (name: string, options: StoreNames & JsonOption) =>
      (await import('./second-factor.js')).resetFactors(name, options),
    );
}

function defineSessionsList(command: Command): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description("list a user's sessions, the one used last first")
    .addArgument(optionalUsernameArgument())
    .addOption(userIdOption())
    .addHelpText('after', examples('sessions list ann', 'sessions list --id 42 --json'))
    .action(async (name: string | undefined, options: ListSessionsOptions) =>
      (await import('./sessions.js')).listSessions(name, options),
    );
}

function defineSessionsEnd(command: Command): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description('end one session of a user, or all: at once, in every process')
    .addArgument(optionalUsernameArgument())
    .addArgument(sessionIdArgument())
    .addOption(userIdOption())
    .option('--all', 'every session of the user')
    .addHelpText(
      'after',
      examples(
        'sessions end ann CxtGl3WtrT3w1jHdOM2e7Q',
        'sessions end ann --all',
        'sessions end --id 42 CxtGl3WtrT3w1jHdOM2e7Q',
      ),
    )
    .action(async (first: string | undefined, second: string | undefined, options: EndSessionsOptions) =>
      (await import('./sessions.js')).endSessions(first, second, options),
    );
}

function defineDoctor(command: Command, setExitCode: (code: number) => void): void {
  withSessionOptions(withTableNames(withEnvironment(command)))
    .description(
      'look at the settings, the database, Redis and a running app; exit status 1: something fails',
    )
    .addOption(
      new Option('--only <part>', 'sessions: the users live in a store of your own').choices(['sessions']),
    )
    .option('--url <url>', 'a running app: where auth.router is mounted')
    .addHelpText(
      'after',
      examples('doctor --env-file .env', 'doctor --url https://app.example.com/auth --json'),
    )
    .action(async (options: DoctorOptions) =>
      setExitCode(await (await import('./doctor.js')).doctor(options)),
    );
}
