import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';

const IDLE_THREAD_MS = 60_000;

/** Worker threads, which start with the first task and end when idle. They don't keep the process alive. */
export class ThreadPool<Task, Result> {
  readonly #file: string;
  readonly #onError: (error: unknown) => void;
  #pool: Piscina<Task, Result> | undefined;

  /**
   * @param resolve finds the file of the threads: `() => require.resolve('#…')`
   * @param onError called when a thread can't start, after the tasks have been rejected
   * @throws Error where the file is missing, because this package was put into a bundle
   */
  constructor(resolve: () => unknown, onError: (error: unknown) => void = () => undefined) {
    this.#file = findFile(resolve);
    this.#onError = onError;
  }

  /** @throws Error if the thread has ended or can't start, and what the task throws */
  run(task: Task): Promise<Result> {
    return (this.#pool ??= this.#start()).run(task);
  }

  /** Ends the threads; tasks reject. The next task starts new ones. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  #start(): Piscina<Task, Result> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { Piscina } = require('piscina') as typeof import('piscina');
    const pool = new Piscina<Task, Result>({
      filename: this.#file,
      minThreads: 0,
      maxThreads: availableParallelism(),
      idleTimeout: IDLE_THREAD_MS,
    });
    // A thread that can't start would leave its tasks waiting for ever; ending the pool rejects them.
    pool.on('error', (error) => {
      if (this.#pool === pool) {
        this.#pool = undefined;
        this.#onError(error);
      }
      void pool.destroy();
    });
    return pool;
  }
}

/** A bundler leaves the file out, or replaces its path by a number of its own. The first password would fail then. */
function findFile(resolve: () => unknown): string {
  let file: unknown;
  let cause: unknown;
  try {
    file = resolve();
  } catch (error) {
    cause = error;
  }
  if (typeof file === 'string' && existsSync(file)) return file;
  throw new Error(
    'The file of the password threads is missing: a bundler must leave passport-visa out of the bundle ' +
      "(esbuild: external: ['passport-visa']; webpack: externals; Next.js: serverExternalPackages). Jest finds it from 29.4 on",
    { cause },
  );
}
