import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ResourceError } from './resource-error.js';
import { Thread } from './thread.js';

/** Worker threads, which start when tasks need them and end when idle. They don't keep the process alive. */
export class ThreadPool<Task, Result> {
  readonly #threads: Thread<Task, Result>[];

  /**
   * @param resolve finds the file of the threads: `() => require.resolve('#…')`
   * @param onError called when a thread can't run the file, after its tasks have been rejected
   * @throws Error where the file is missing, because this package was put into a bundle
   */
  constructor(resolve: () => unknown, onError: (error: unknown) => void = () => undefined) {
    const file = findFile(resolve);
    this.#threads = Array.from({ length: availableParallelism() }, () => new Thread(file, onError));
  }

  /** @throws ResourceError. A task itself must never throw */
  async run(task: Task): Promise<Result> {
    const [first, ...others] = this.#threads as [Thread<Task, Result>, ...Thread<Task, Result>[]];
    const thread = others.reduce((best, each) => (each.load < best.load ? each : best), first);
    try {
      return await thread.run(task);
    } catch (cause) {
      throw new ResourceError('A thread for passwords could not start, or has ended', { cause });
    }
  }

  /** Ends the threads; tasks reject. The next task starts new ones. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
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
