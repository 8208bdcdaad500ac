import { readFileSync } from 'node:fs';

/**
 * In milliseconds: how long a process, in its main thread, was ready to run, and others, also threads of its own, had all processors. Linux
 * tells it. Elsewhere, and of a process that has ended, it is 0, and a busy machine counts.
 */
export function waitedForProcessor(pid: number | 'self' = 'self'): number {
  try {
    const [, nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return 0;
  }
}

/**
 * Starts a clock that stands still while a busy machine lets this process wait. So a limit on it is about the code.
 * @param pids of other processes, which it waits for and which must go on
 * @returns the time since then, in milliseconds
 */
export function startStopwatch(...pids: number[]): () => number {
  const now = () =>
    (['self', ...pids] as const).reduce<number>(
      (time, pid) => time - waitedForProcessor(pid),
      performance.now(),
    );
  const start = now();
  return () => now() - start;
}

/**
 * Watches the event loop, by the same clock.
 * @returns what ends this and tells the longest time between two turns, in milliseconds
 */
export function watchTurns(): () => number {
  const elapsed = startStopwatch();
  const turns = [0];
  const watching = setInterval(() => turns.push(elapsed()), 5).unref();
  return () => {
    clearInterval(watching);
    turns.push(elapsed());
    return Math.max(...turns.map((turn, n) => turn - (turns[n - 1] ?? 0)));
  };
}

/** Expects that a call ends in time, by the same clock, with a result or an error, and passes that on. */
export async function within<T>(limitMs: number, call: () => PromiseLike<T>, ...pids: number[]): Promise<T> {
  const elapsed = startStopwatch(...pids);
  const ended = await Promise.allSettled([call()]).then(([result]) => ({ result, tookMs: elapsed() }));
  expect(ended.tookMs).toBeLessThan(limitMs);
  if (ended.result.status === 'rejected') throw ended.result.reason;
  return ended.result.value;
}
