import type { Command } from 'commander';
import { examples, username, withEnvironment, withSessions, withTables } from './command-options.js';
import type { EndSessionsOptions, SessionOptions } from './sessions.js';

export function defineSessionCommands(sessions: Command): void {
  withSessions(withTables(withEnvironment(sessions.command('list'))))
    .description("list a user's sessions, the one used last first")
    .addArgument(username())
    .addHelpText('after', examples('sessions list ann', 'sessions list ann --json'))
    .action(async (name: string, options: SessionOptions) =>
      (await import('./sessions.js')).listSessions(name, options),
    );

  withSessions(withTables(withEnvironment(sessions.command('end'))))
    .description('end one session of a user, or all: at once, in every process')
    .addArgument(username())
    .argument('[sessionId]', 'as `sessions list` shows it')
    .option('--all', 'every session of the user')
    .addHelpText('after', examples('sessions end ann CxtGl3WtrT3w1jHdOM2e7Q', 'sessions end ann --all'))
    .action(async (name: string, sessionId: string | undefined, options: EndSessionsOptions) =>
      (await import('./sessions.js')).endSessions(name, sessionId, options),
    );
}
