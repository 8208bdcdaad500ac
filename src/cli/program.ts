import { Command, CommanderError } from 'commander';
import { defineCommands } from './commands.js';
import { separateArguments } from './dashed-arguments.js';
import { UsageError, describeError, stackOf } from './describe-error.js';
import { loadEnvFile } from './environment.js';
import { packageManifest } from './manifest.js';
import { printNote } from './output.js';
import { checkColumns, type StoreNames } from './store-names.js';

const FAILED = 1;
const WRONG_USAGE = 2;

const HELP = `
Environment:
  DATABASE_URL          PostgreSQL, or sqlite:FILE: where users live (and sessions, where REDIS_URL is not set)
  REDIS_URL             Redis, where sessions live
  ACCESS_TOKEN_SECRET,  looked at by doctor, and by no other command
  REFRESH_TOKEN_SECRET
  FACTOR_KEY            the key of secondFactor(), looked at by doctor
  BASE_URL              what links in mails begin with: for users reset-link, and looked at by doctor
  DEBUG                 set to anything: errors with their stack

Addresses and passwords come from the environment or --env-file alone: arguments can be read by everybody on the
machine (ps), and stay in the shell's history.

A name, role or session id may begin with a dash. One that begins with two dashes comes after --: users roles -- --ann

Exit status: 0 done, 1 failed, 2 wrong usage.

Examples:
  $ npx passport-visa secret >> .env
  $ npx passport-visa migrate --env-file .env
  $ npx passport-visa users create ann --roles admin --env-file .env
  $ npx passport-visa doctor --env-file .env --url https://app.example.com/auth`;

/** Runs one command, and prints its errors. @returns the exit status */
export async function run(args: string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('passport-visa')
    .description('Secrets, schema, users and sessions of passport-visa, and a doctor for its servers.')
    .version(packageManifest().version)
    .addHelpText('after', HELP)
    .showHelpAfterError('(--help says more)')
    .enablePositionalOptions() // or `-V` would be found in a session id
    .exitOverride();
  defineCommands(program, (code) => (exitCode = code));
  program.hook('preAction', (_program, command) => {
    const { envFile, ...names } = command.opts<StoreNames & { envFile?: string; beside?: string }>();
    if (envFile !== undefined) loadEnvFile(envFile);
    checkColumns(names);
  });
  try {
    await program.parseAsync(separateArguments(program, args), { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has already printed the error, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    for (const line of describeError(error).split('\n')) printNote(`passport-visa: ${line}`);
    if (process.env['DEBUG']) process.stderr.write(stackOf(error));
    return error instanceof UsageError ? WRONG_USAGE : FAILED;
  }
}
