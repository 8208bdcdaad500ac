import { execFile } from 'node:child_process';
import { chownSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findMariaDb } from '../../../scripts/find-program.js';
import { serverFolder } from './server-folder';
import { systemUser, type SystemUser } from './system-user';
import { startServer, type ServerOptions, type TestServer } from './test-server';

/** What every program of MariaDB gets: it must read no file of the machine, and need no disk that is quick. */
const alwaysIn = (folder: string) => [
  '--no-defaults',
  '--innodb-flush-method=nosync',
  '--innodb-log-file-size=8M',
  // In /tmp two servers that start at once may take each other's files.
  `--tmpdir=${folder}`,
];

/**
 * A MariaDB server with an empty database `test`, whose user `root` needs no password. After `kill` and `restart` it still has its
 * data. Texts are `utf8mb4_general_ci` unless the table says otherwise: it folds case and accents.
 */
export async function startMariaDb({ args = [], dir, port }: ServerOptions = {}): Promise<TestServer> {
  const programs = findMariaDb();
  if (!programs) throw new Error('MariaDB was not found: run `npm run setup`');
  const user = systemUser('nobody');
  const folder = serverFolder(dir);
  if (user) chownSync(folder.path, user.uid, user.gid);
  const data = join(folder.path, 'data');
  // Run at each start, before the first connection.
  writeFileSync(join(folder.path, 'init.sql'), 'CREATE DATABASE IF NOT EXISTS test;\n');
  try {
    await initialise(programs, data, user);
  } catch (error) {
    folder.remove();
    throw error;
  }
  return startServer({
    folder,
    port,
    url: (chosen) => `mysql://root@127.0.0.1:${chosen}/test`,
    command: (chosen) => ({
      program: programs.server,
      args: [
        ...alwaysIn(folder.path),
        `--datadir=${data}`,
        `--port=${chosen}`,
        ...settings(folder.path),
        ...args,
      ],
      folder: folder.path,
      stopSignal: 'SIGTERM',
      user,
    }),
  });
}

function settings(folder: string): string[] {
  return [
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 's.sock')}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--skip-log-bin',
    '--skip-name-resolve',
    // The default is latin1.
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_general_ci',
    `--init-file=${join(folder, 'init.sql')}`,
    // What has been committed survives a kill of the process.
    '--innodb-flush-log-at-trx-commit=2',
    '--innodb-fast-shutdown=2',
    '--innodb-buffer-pool-size=64M',
  ];
}

async function initialise(
  { initialise: program, base }: { initialise: string; base: string },
  data: string,
  user: SystemUser,
): Promise<void> {
  if (existsSync(join(data, 'mysql'))) return;
  const args = [
    ...alwaysIn(join(data, '..')),
    `--datadir=${data}`,
    `--basedir=${base}`,
    '--auth-root-authentication-method=normal',
    // It would be latin1, and open to everybody.
    '--skip-test-db',
  ];
  await promisify(execFile)(program, args, { cwd: join(data, '..'), ...user });
}
