import { Option, type Command } from 'commander';
import {
  examples,
  withEnvironment,
  withJson,
  withSessions,
  withTables,
  type JsonOption,
} from './command-options.js';
import type { DoctorOptions } from './doctor.js';
import type { MigrateOptions } from './migrate.js';
import { defineSessionCommands } from './session-commands.js';
import { defineUserCommands } from './user-commands.js';

/** Every command loads what it needs when it runs, so that the help and `secret` are quick. */
export function defineCommands(program: Command, setExitCode: (code: number) => void): void {
  withJson(program.command('secret'))
    .description('print fresh secrets, as two lines for .env')
    .addHelpText('after', examples('secret >> .env', 'secret --json'))
    .action(async (options: JsonOption) => (await import('./secret.js')).secret(options));

  withTables(withEnvironment(program.command('migrate')))
    .description('create the tables of users and sessions in PostgreSQL, or what is missing of them')
    .addOption(new Option('--only <part>', 'one part of the schema').choices(['users', 'sessions']))
    .option('--dry-run', 'print the SQL, and connect to nothing')
    .addHelpText(
      'after',
      examples('migrate --env-file .env', 'migrate --dry-run > schema.sql', 'migrate --only users'),
    )
    .action(async (options: MigrateOptions) => (await import('./migrate.js')).migrate(options));

  defineUserCommands(program.command('users').description('create, list, disable and enable users'));
  defineSessionCommands(program.command('sessions').description("list and end a user's sessions"));

  withSessions(withTables(withEnvironment(program.command('doctor'))))
    .description(
      'look at the settings, at PostgreSQL, at Redis and at a running app; exit status 1: something fails',
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
