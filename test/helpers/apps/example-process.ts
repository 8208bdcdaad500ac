import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENT_PROCESS } from '../call-times';
import { guardProcess, releaseProcess } from '../servers/guard';

export const EXAMPLE = path.join(__dirname, '../../../example');
/** On a busy machine, where PGlite creates its database. */
const START_TIMEOUT_MS = 120_000;
/** More than the ten seconds in which the example ends itself, because a process that is to be refused starts first. */
const EXIT_TIMEOUT_MS = 60_000;

/** The example in its own process. It doesn't inherit this machine's environment. */
export class ExampleProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown[]>;
  output = '';

  constructor(
    env: Record<string, string> = {},
    args = [path.join(EXAMPLE, 'server.mjs')],
    node = process.execPath,
  ) {
    this.#child = spawn(node, [...PATIENT_PROCESS.args, ...args], {
      env: { PATH: String(process.env['PATH']), PORT: '0', ...PATIENT_PROCESS.env, ...env },
    });
    guardProcess(this.pid);
    this.#exit = once(this.#child, 'exit').finally(() => releaseProcess(this.pid));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get url(): string {
    return /listens on (http:\/\/[^ ,]+),/.exec(this.output)?.[1] as string;
  }

  get curlLines(): string[] {
    return this.output.split('\n').filter((line) => line.startsWith('curl '));
  }

  async waitForOutput(text: string): Promise<this> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!this.output.includes(text)) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`The process never said "${text}", but:\n${this.output}`);
      }
      await sleep(10);
    }
    return this;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the process ends. @returns its exit code, or the signal that ended it */
  async exit(): Promise<unknown> {
    const timeout = sleep(EXIT_TIMEOUT_MS, ['still running'], { ref: false });
    const [code, signal] = (await Promise.race([this.#exit, timeout])) as unknown[];
    return code ?? signal;
  }

  async stop(): Promise<unknown> {
    this.signal('SIGTERM');
    return this.exit();
  }
}
