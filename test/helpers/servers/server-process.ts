import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardProcess, releaseProcess } from './guard';
import { signalTree } from './process-tree.js';

/** On a busy machine. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
const KILL_TIMEOUT_MS = 60_000;
const TAIL_CHARACTERS = 2_000;

export interface ServerCommand {
  program: string;
  args: readonly string[];
  /** The working directory. The log is in it too. */
  folder: string;
  /** The signal that makes this server end without delay. */
  stopSignal: 'SIGTERM' | 'SIGQUIT';
  /** The system user to run as. */
  user?: { uid: number; gid: number } | undefined;
}

/** A server that runs as a child process. */
export class ServerProcess {
  #child: ChildProcess | undefined;

  constructor(private readonly command: ServerCommand) {}

  /** Resolves when the server accepts connections. */
  async start(): Promise<void> {
    const { program, args, folder, user } = this.command;
    // The log is a file: a pipe would keep this process alive, and a full pipe would block the server.
    const log = openSync(this.#logPath, 'w');
    const child = spawn(program, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log, log],
      // The message that we wait for must not be translated.
      env: { ...process.env, LC_ALL: 'C' },
      ...user,
    });
    closeSync(log);
    await once(child, 'spawn');
    this.#child = child;
    guardProcess(this.#pid);
    await this.#untilReady(child);
    child.unref();
  }

  async stop(): Promise<void> {
    if (!this.#running) return this.#forget();
    signalTree(this.#pid, 'SIGCONT');
    this.#child?.kill(this.command.stopSignal);
    if (!(await this.#exitsWithin(STOP_TIMEOUT_MS))) await this.kill();
    this.#forget();
  }

  /** Ends the server at once, like a power failure would. */
  async kill(): Promise<void> {
    if (this.#running) signalTree(this.#pid, 'SIGKILL');
    if (!(await this.#exitsWithin(KILL_TIMEOUT_MS)))
      throw new Error(`${this.command.program} can't be killed`);
    this.#forget();
  }

  /** Connections stay open, but get no answers. */
  freeze(): void {
    signalTree(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    signalTree(this.#pid, 'SIGCONT');
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    // Redis and PostgreSQL use the same words, MariaDB nearly. Sentinel only logs its id.
    while (!/ready (to accept|for) connections|sentinel id is/i.test(this.#log())) {
      if (hasEnded(child)) throw await this.#failure('ended while it started');
      if (Date.now() > deadline) throw await this.#failure(`was not ready after ${START_TIMEOUT_MS} ms`);
      await sleep(10);
    }
  }

  async #failure(what: string): Promise<Error> {
    await this.kill();
    return new Error(
      `${this.command.program} ${what}. Its last output:\n${this.#log().slice(-TAIL_CHARACTERS)}`,
    );
  }

  async #exitsWithin(milliseconds: number): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    while (this.#running && Date.now() < deadline) await sleep(5);
    return !this.#running;
  }

  #forget(): void {
    if (this.#child?.pid !== undefined) releaseProcess(this.#child.pid);
    this.#child = undefined;
  }

  #log(): string {
    return readFileSync(this.#logPath, 'utf8');
  }

  get #logPath(): string {
    return join(this.command.folder, 'server.log');
  }

  get #running(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child);
  }

  get #pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.command.program} is not running`);
    return this.#child.pid;
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
