import type { Piscina } from 'piscina';

const IDLE_MS = 60_000;

/**
 * A pool of one thread. Where the operating system refuses a thread, a pool of several throws in the middle of the event loop,
 * which would end the process; with one thread it throws where the task is handed over.
 */
export class Thread<Task, Result> {
  readonly #file: string;
  readonly #onError: (error: unknown) => void;
  #pool: Piscina<Task, Result> | undefined;
  #tasks = 0;

  constructor(file: string, onError: (error: unknown) => void) {
    this.#file = file;
    this.#onError = onError;
  }

  /** How late a task would be done here. A thread that runs beats one that has yet to start. */
  get load(): number {
    return this.#tasks + (this.#pool ? 0 : 0.5);
  }

  async run(task: Task): Promise<Result> {
    const pool = (this.#pool ??= this.#start());
    this.#tasks += 1;
    try {
      return await this.#handOver(pool, task);
    } finally {
      this.#tasks -= 1;
    }
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  async #handOver(pool: Piscina<Task, Result>, task: Task): Promise<Result> {
    let result: Promise<Result>;
    try {
      result = pool.run(task);
    } catch (error) {
      // The thread can't start. Its pool keeps the task, so it must not be used again; nor destroyed, which would reject a promise
      // that no one has.
      if (this.#pool === pool) this.#pool = undefined;
      throw error;
    }
    try {
      return await result;
    } catch (error) {
      this.#drop(pool);
      throw error;
    }
  }

  #start(): Piscina<Task, Result> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { Piscina } = require('piscina') as typeof import('piscina');
    const pool = new Piscina<Task, Result>({
      filename: this.#file,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: IDLE_MS,
    });
    pool.on('error', (error) => {
      const isCurrent = this.#pool === pool;
      this.#drop(pool);
      if (isCurrent) this.#onError(error);
    });
    return pool;
  }

  /** A thread that has failed would leave the tasks that wait for it waiting for ever; ending its pool rejects them. */
  #drop(pool: Piscina<Task, Result>): void {
    if (this.#pool === pool) this.#pool = undefined;
    void pool.destroy();
  }
}
