import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findMariaDb } from '../../../scripts/find-program.js';
import { startDatabaseServer } from './database-server';
import type { ServerOptions, TestServer } from './test-server';

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
export async function startMariaDb(options: ServerOptions = {}): Promise<TestServer> {
  const programs = findMariaDb();
  if (!programs) throw new Error('MariaDB was not found: run `npm run setup`');
  return startDatabaseServer(
    {
      user: 'nobody',
      stopSignal: 'SIGTERM',
      madeData: 'mysql',
      makeData: ({ folder, data }) => ({
        program: programs.initialise,
        args: [
          ...alwaysIn(folder),
          `--datadir=${data}`,
          `--basedir=${programs.base}`,
          '--auth-root-authentication-method=normal',
          // It would be latin1, and open to everybody.
          '--skip-test-db',
        ],
      }),
      serve: ({ folder, data }, port) => ({
        program: programs.server,
        args: [...alwaysIn(folder), `--datadir=${data}`, `--port=${port}`, ...settings(folder)],
      }),
      url: (port) => `mysql://root@127.0.0.1:${port}/test`,
    },
    options,
  );
}

function settings(folder: string): string[] {
  // Run at each start, before the first connection.
  const first = join(folder, 'init.sql');
  writeFileSync(first, 'CREATE DATABASE IF NOT EXISTS test;\n');
  return [
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 's.sock')}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--skip-log-bin',
    '--skip-name-resolve',
    // The default is latin1.
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_general_ci',
    `--init-file=${first}`,
    // What has been committed survives a kill of the process.
    '--innodb-flush-log-at-trx-commit=2',
    '--innodb-fast-shutdown=2',
    '--innodb-buffer-pool-size=64M',
  ];
}
