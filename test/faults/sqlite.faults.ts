import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OtherProcess } from '../libs/sqlite/processes';
import { NODE_24 } from './app-process';
import { failuresOfServers, type History } from './history';
import { runKilledInMidRefresh } from './killed-in-mid-refresh';
import { runScenario, type Running } from './run-scenario';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passport-visa-faults-'));
  file = join(folder, 'app.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Guards, and those that ask the store, only read. */
function expectReadersServed({ operations }: History): void {
  const readers = operations.filter(({ kind }) => kind === 'guard' || kind === 'check');
  expect(failuresOfServers(readers)).toEqual([]);
  expect(operations.filter(({ status }) => status === 503).length).toBeGreaterThan(0);
}

test('another process has the file locked', async () => {
  let other: OtherProcess | undefined;
  try {
    const { history } = await runScenario('SQLite: another process has the file locked for 5 s', {
      app: { sqlite: file },
      async strike() {
        other = new OtherProcess('node:sqlite', file, { execPath: NODE_24 });
        await other.call('exec', 'PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
      },
      lastsMs: 5000,
      repair: () => other?.call('exec', 'COMMIT'),
    });
    expectReadersServed(history);
  } finally {
    await other?.kill();
  }
});

/** The largest file that a process can write. Like a full disk it leaves what was there, and writes fail in their middle. */
function limitFiles({ apps }: Running, bytes: string): void {
  for (const { pid } of apps) execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}

test('nothing can be written', async () => {
  const { history } = await runScenario('SQLite: nothing can be written to the disk for 5 s', {
    app: { sqlite: file },
    strike: (running) => limitFiles(running, '0'),
    lastsMs: 5000,
    repair: (running) => limitFiles(running, 'unlimited'),
  });
  expectReadersServed(history);
});

test('the file is deleted', async () => {
  await runScenario('SQLite: the file is deleted', {
    app: { sqlite: file },
    strike() {
      for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`);
    },
    afterHealing: () => expect(existsSync(file)).toBe(false),
  });
});

test('a process is killed in the middle of its refreshes', () =>
  runKilledInMidRefresh('SQLite: a process of the app is killed in mid-refresh', { sqlite: file }));
