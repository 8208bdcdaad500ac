import { findPostgres } from '../../../scripts/find-program.js';
import { startDatabaseServer } from './database-server';
import type { ServerOptions, TestServer } from './test-server';

/** A PostgreSQL server whose superuser `postgres` needs no password. After `kill` and `restart` it still has its data. */
export async function startPostgres(options: ServerOptions = {}): Promise<TestServer> {
  const programs = findPostgres();
  if (!programs) throw new Error('PostgreSQL was not found: run `npm run setup`');
  return startDatabaseServer(
    {
      user: 'postgres',
      stopSignal: 'SIGQUIT',
      madeData: 'PG_VERSION',
      makeData: ({ data }) => ({
        program: programs.initdb,
        args: ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
      }),
      serve: ({ folder, data }, port) => ({
        program: programs.postgres,
        args: ['-D', data, '-p', String(port), ...settings(folder)],
      }),
      url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    },
    options,
  );
}

function settings(socketFolder: string): string[] {
  return [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${socketFolder}`,
    'max_connections=200',
    'fsync=off',
    // Shared memory outside the folder would be left over after a kill.
    'dynamic_shared_memory_type=mmap',
  ].flatMap((setting) => ['-c', setting]);
}
