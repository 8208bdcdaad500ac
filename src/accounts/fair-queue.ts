/** The queue refused a task. With `key`: that key has as many tasks waiting as it may; else the whole queue is full. */
export class QueueFull extends Error {
  readonly key: string | undefined;

  constructor(key?: string) {
    super(key === undefined ? 'The queue is full' : `The share of ${key} is full`);
    this.key = key;
  }
}

export interface FairQueueOptions {
  /** How many tasks run at a time. */
  readonly concurrency: number;
  /** How many tasks may wait. */
  readonly capacity: number;
  /** Milliseconds of a clock that never goes back. Default: `performance.now()`. */
  readonly now?: () => number;
}

/** Part of the queue: a key that the task is for, and how many of its tasks may wait. */
export interface Share {
  readonly key: string;
  readonly waiting: number;
}

interface Waiting {
  readonly keys: readonly string[];
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** Every fourth turn goes to the task that has waited longest, so a busy key never waits for ever. */
const EVERY_OLDEST = 4;

/**
 * Runs tasks in turn. The next turn goes to the task whose keys had the fewest turns lately, so a key with one task doesn't wait for
 * the many of another key. A task that finds the queue full takes the place of a task of the busiest key. While no task waits, the
 * queue only counts.
 */
export class FairQueue {
  readonly #options: FairQueueOptions;
  readonly #turns: RecentTurns;
  /** In the order of arrival. */
  #waiting: Waiting[] = [];
  #running = 0;
  #started = 0;

  constructor(options: FairQueueOptions) {
    this.#options = options;
    this.#turns = new RecentTurns(options.now ?? (() => performance.now()));
  }

  /** Runs the task when its turn has come. @throws QueueFull when it may not wait, or no longer */
  run<T>(shares: readonly Share[], task: () => Promise<T>): Promise<T> {
    const keys = shares.map(({ key }) => key);
    if (this.#running < this.#options.concurrency) return this.#start(keys, task);
    const full = shares.find(({ key, waiting }) => this.#countWaiting(key) >= waiting);
    if (full) return Promise.reject(new QueueFull(full.key));
    return new Promise((resolve, reject) => {
      const start = () => void this.#start(keys, task).then(resolve, reject);
      this.#waiting.push({ keys, start, reject });
      if (this.#waiting.length > this.#options.capacity) this.#takeBusiest().reject(new QueueFull());
    });
  }

  /** Rejects all tasks that wait. */
  clear(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async #start<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    this.#started += 1;
    this.#turns.add(keys);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#takeNext()?.start();
    }
  }

  #takeNext(): Waiting | undefined {
    if (this.#started % EVERY_OLDEST === 0) return this.#waiting.shift();
    const turns = this.#waiting.map(({ keys }) => this.#turns.of(keys));
    return this.#take(turns.indexOf(Math.min(...turns)));
  }

  /** The last task of the key with the most turns, those it waits for included. */
  #takeBusiest(): Waiting {
    const ahead = new Map<string, number>();
    const turns = this.#waiting.map(({ keys }) => {
      const before = Math.max(0, ...keys.map((key) => ahead.get(key) ?? 0));
      for (const key of keys) ahead.set(key, (ahead.get(key) ?? 0) + 1);
      return this.#turns.of(keys) + before;
    });
    return this.#take(turns.lastIndexOf(Math.max(...turns))) as Waiting;
  }

  #take(index: number): Waiting | undefined {
    return this.#waiting.splice(index, 1)[0];
  }

  #countWaiting(key: string): number {
    return this.#waiting.filter(({ keys }) => keys.includes(key)).length;
  }
}

/** A turn counts for one to two of these. */
const PERIOD_MS = 30_000;
/** Keys remembered in each period. Past it, an older period ends early: keys are forgotten, and memory stays small. */
const MAX_KEYS = 10_000;

/** How many turns each key has had lately. */
class RecentTurns {
  readonly #now: () => number;
  #begunAt = 0;
  #current = new Map<string, number>();
  #previous: ReadonlyMap<string, number> = new Map();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(keys: readonly string[]): void {
    this.#forgetOld();
    for (const key of keys) this.#current.set(key, (this.#current.get(key) ?? 0) + 1);
  }

  /** Those of the key that had most. */
  of(keys: readonly string[]): number {
    this.#forgetOld();
    return Math.max(0, ...keys.map((key) => (this.#current.get(key) ?? 0) + (this.#previous.get(key) ?? 0)));
  }

  #forgetOld(): void {
    const age = this.#now() - this.#begunAt;
    if (age < PERIOD_MS && this.#current.size < MAX_KEYS) return;
    this.#previous = age < 2 * PERIOD_MS ? this.#current : new Map();
    this.#current = new Map();
    this.#begunAt = this.#now();
  }
}
