// Starts a separate Redis and PostgreSQL, on free ports and in temporary folders. They are removed after the run.
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import programs from '../../scripts/find-program.js';
import { pinned, places } from './cores.mjs';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

/** @typedef {{ url: string, stop: () => Promise<void> }} Server */
/** @typedef {{ uid: number, gid: number } | undefined} SystemUser */

/** Keeps nothing on disk. @returns {Promise<Server>} */
export async function startRedis() {
  const program = programs.findRedis();
  if (!program) throw new Error('redis-server was not found: run `npm run setup`');
  const folder = temporaryFolder();
  const port = await freePort();
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const stop = await startServer(program, args.map(String), folder, 'SIGTERM');
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** Doesn't wait for the disk. @returns {Promise<Server>} */
export async function startPostgres() {
  const found = programs.findPostgres();
  if (!found) throw new Error('PostgreSQL was not found: run `npm run setup`');
  const user = postgresUser();
  const folder = temporaryFolder();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const initArgs = [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  execFileSync(found.initdb, initArgs, { cwd: folder, stdio: 'ignore', ...user });
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'synchronous_commit=off',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const stop = await startServer(found.postgres, args, folder, 'SIGQUIT', user);
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} folder
 * @param {NodeJS.Signals} stopSignal
 * @param {SystemUser} [user]
 */
async function startServer(program, args, folder, stopSignal, user) {
  const [command, commandArgs] = pinned(places.data, program, args);
  // Detached: Ctrl-C in the terminal reaches only this process, and the guardian ends the server afterwards.
  const child = spawn(command, commandArgs, {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    ...user,
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (log = `${log}${text}`.slice(-4000)));
  await once(child, 'spawn');
  const release = guard(Number(child.pid), folder);
  const stop = async () => {
    child.kill(stopSignal);
    const deadline = Date.now() + STOP_TIMEOUT_MS;
    while (!hasEnded(child) && Date.now() < deadline) await sleep(10);
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    release();
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  // Redis and PostgreSQL log it in the same words.
  while (!/ready to accept connections/i.test(log)) {
    if (hasEnded(child) || Date.now() > deadline) {
      await stop();
      throw new Error(`${program} did not start:\n${log}`);
    }
    await sleep(10);
  }
  return stop;
}

/** @param {import('node:child_process').ChildProcess} child */
function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** @type {Map<number, string>} */
const guarded = new Map();
/** @type {import('node:child_process').ChildProcess | undefined} */
let guardian;

/**
 * The tests' guardian ends the servers and removes their folders once this process has ended, even if it was killed.
 *
 * @param {number} pid
 * @param {string} folder
 */
function guard(pid, folder) {
  if (!guardian) {
    const file = fileURLToPath(new URL('../../test/helpers/servers/guardian.js', import.meta.url));
    guardian = fork(file, { detached: true, stdio: 'ignore', execArgv: [] });
    guardian.unref();
    guardian.channel?.unref();
  }
  const tell = () => guardian?.send({ pids: [...guarded.keys()], folders: [...guarded.values()] });
  guarded.set(pid, folder);
  tell();
  return () => {
    guarded.delete(pid);
    tell();
  };
}

function temporaryFolder() {
  return mkdtempSync(join(tmpdir(), 'passport-visa-bench-'));
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** PostgreSQL refuses to run as root. @returns {SystemUser} */
function postgresUser() {
  if (process.getuid?.() !== 0) return undefined;
  const entry = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  if (!entry) throw new Error('The system user postgres was not found: run `npm run setup`');
  return { uid: Number(entry[1]), gid: Number(entry[2]) };
}
