import { execFile } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgres } from '../../../scripts/find-program.js';
import { serverFolder } from './server-folder';
import { systemUser, type SystemUser } from './system-user';
import { startServer, type ServerOptions, type TestServer } from './test-server';

/** A PostgreSQL server whose superuser `postgres` needs no password. After `kill` and `restart` it still has its data. */
export async function startPostgres({ args = [], dir, port }: ServerOptions = {}): Promise<TestServer> {
  const programs = findPostgres();
  if (!programs) throw new Error('PostgreSQL was not found: run `npm run setup`');
  const user = systemUser('postgres');
  const folder = serverFolder(dir);
  if (user) chownSync(folder.path, user.uid, user.gid);
  const data = join(folder.path, 'data');
  try {
    await initialise(programs.initdb, data, user);
  } catch (error) {
    folder.remove();
    throw error;
  }
  return startServer({
    folder,
    port,
    url: (chosen) => `postgres://postgres@127.0.0.1:${chosen}/postgres`,
    command: (chosen) => ({
      program: programs.postgres,
      args: ['-D', data, '-p', String(chosen), ...settings(folder.path), ...args],
      folder: folder.path,
      stopSignal: 'SIGQUIT',
      user,
    }),
  });
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

async function initialise(initdb: string, data: string, user: SystemUser): Promise<void> {
  if (existsSync(join(data, 'PG_VERSION'))) return;
  const args = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(initdb, args, { cwd: join(data, '..'), ...user });
}
