import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { parseColumns } from './columns-option.js';
import { MAX_USER_ID_LENGTH } from '../stores/max-user-id-length.js';
import { DEFAULT_USERS_TABLE } from '../stores/postgres/default-tables.js';
import { durationInSeconds } from '../utils/duration.js';
import { isKeepable } from '../utils/keepable-text.js';

export function usernameArgument(): Argument {
  return new Argument('<username>', 'in whatever case').argParser(notEmpty);
}

/** For commands that take an id in its place. */
export function optionalUsernameArgument(): Argument {
  return new Argument('[username]', 'in whatever case').argParser(notEmpty);
}

export function sessionIdArgument(): Argument {
  return new Argument('[sessionId]', 'as `sessions list` shows it').argParser(id);
}

/** For apps whose users are in a store that the command doesn't know. */
export function userIdOption(): Option {
  const words = "the user's id instead of the name: for a user store of your own";
  return new Option('--id <userId>', words).argParser(id);
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON, for scripts');
}

/** Options of every command that reads the environment. */
export function withEnvironment(command: Command): Command {
  return withJson(command).option('--env-file <path>', 'read variables from a file; those that are set win');
}

export function withUsersTableName(command: Command): Command {
  return command
    .option('--users-table <name>', `the user store's table (default: ${DEFAULT_USERS_TABLE})`)
    .option(
      '--prefix <prefix>',
      "the user store's prefix, in SQLite or with --columns (default: visa, or the table's name)",
    )
    .addOption(
      new Option(
        '--columns <mapping>',
        'for --users-table with a table of your own: username=email,passwordHash=password_hash',
      ).argParser(parseColumns),
    );
}

/** Options of commands that open the stores of users and of sessions. */
export function withTableNames(command: Command): Command {
  const store = "the session store's";
  return withUsersTableName(command)
    .option('--identities-table <name>', "the PostgresUserStore's identitiesTable (default: visa_identities)")
    .option(
      '--credentials-table <name>',
      "the PostgresUserStore's credentialsTable (default: visa_credentials)",
    )
    .option('--sessions-table <name>', `${store} table (default: visa_refresh_tokens)`)
    .option('--attempts-table <name>', `${store} attemptsTable (default: visa_attempts)`)
    .option('--revocations-table <name>', `${store} revocationsTable (default: visa_revocations)`)
    .option('--one-time-tokens-table <name>', `${store} oneTimeTokensTable (default: visa_one_time_tokens)`);
}

/** Options of commands that look at sessions or end them, beside the names of tables. */
export function withSessionOptions(command: Command): Command {
  return command
    .option('--redis-prefix <prefix>', "the RedisRefreshTokenStore's keyPrefix (default: visa:)")
    .addOption(
      new Option(
        '--access-lifetime <duration>',
        "the app's accessToken.expiresIn, where it is not 30m: so long is the end of a session remembered",
      ).argParser(duration),
    );
}

/** A parser for commander that refuses everything but a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function duration(text: string): string {
  if ((durationInSeconds(text) ?? 0) >= 1) return text;
  throw new InvalidArgumentError("It must be a duration such as '30m'.");
}

/** A variable of the shell that isn't set becomes an empty argument: `--id "$ID"`. */
function notEmpty(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It must not be empty.');
}

/** No store has any other id. */
function id(text: string): string {
  if (isKeepable(notEmpty(text)) && text.length <= MAX_USER_ID_LENGTH) return text;
  throw new InvalidArgumentError(
    `It must be well-formed, and at most ${MAX_USER_ID_LENGTH} characters long.`,
  );
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ npx passport-visa ${line}`).join('\n')}`;
}
