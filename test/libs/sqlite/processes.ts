import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PATIENT_PROCESS } from '../../helpers/call-times';

/** A process that carries out the calls that it gets as messages. */
export class OtherProcess {
  readonly #child: ChildProcess;
  readonly messages: Record<string, unknown>[] = [];
  #calls = 0;
  readonly #ended: Promise<never>;

  /** Its script is in this folder. Default: one with stores of SQLite, which takes a driver and a file, on this Node. */
  constructor(
    one: string,
    other: string,
    {
      script = 'other-process.mjs',
      execPath = process.execPath,
    }: { script?: string; execPath?: string } = {},
  ) {
    const { args: execArgv, env } = PATIENT_PROCESS;
    const options = {
      serialization: 'advanced',
      execPath,
      execArgv,
      env: { ...process.env, ...env },
    } as const;
    this.#child = fork(join(__dirname, script), [one, other], options);
    this.#ended = once(this.#child, 'exit').then(() => {
      throw new Error('The other process has ended');
    });
    this.#ended.catch(() => undefined); // killing it is no failure
    this.#child.on('message', (message) => this.messages.push(message as Record<string, unknown>));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Sends a call without waiting for its answer. */
  send(call: string, ...args: unknown[]): number {
    this.#calls += 1;
    this.#child.send({ id: this.#calls, call, args });
    return this.#calls;
  }

  /** @throws what the call has thrown, as a text */
  async call(call: string, ...args: unknown[]): Promise<unknown> {
    const id = this.send(call, ...args);
    for (;;) {
      const message = this.messages.find((each) => each['id'] === id);
      if (message && 'failure' in message) throw new Error(String(message['failure']));
      if (message) return message['answer'];
      await this.#another();
    }
  }

  /** The next message that is no answer. */
  async next(): Promise<Record<string, unknown>> {
    for (;;) {
      const at = this.messages.findIndex((message) => !('id' in message));
      if (at !== -1) return this.messages.splice(at, 1)[0] as Record<string, unknown>;
      await this.#another();
    }
  }

  async #another(): Promise<void> {
    await Promise.race([once(this.#child, 'message'), this.#ended]);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
