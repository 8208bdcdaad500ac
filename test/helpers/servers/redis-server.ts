import { findRedis } from '../../../scripts/find-program.js';
import { serverFolder } from './server-folder';
import { startServer, type ServerOptions, type TestServer } from './test-server';

/** A Redis server that keeps nothing on disk: after `kill` and `restart` it is empty. */
export async function startRedis({ args = [], dir, port }: ServerOptions = {}): Promise<TestServer> {
  const program = findRedis();
  if (!program) throw new Error('redis-server was not found: run `npm run setup`');
  const folder = serverFolder(dir);
  const fixed = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder.path];
  return startServer({
    folder,
    port,
    url: (chosen) => `redis://127.0.0.1:${chosen}`,
    command: (chosen) => ({
      program,
      args: ['--port', String(chosen), ...fixed, ...args],
      folder: folder.path,
      stopSignal: 'SIGTERM',
    }),
  });
}
