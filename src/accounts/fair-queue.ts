/** The queue refused a task. With `key`: that key has as many tasks waiting as it may; else the whole queue is full. */
export class QueueFull extends Error {
  readonly key: string | undefined;

  constructor(key?: string) {
    super(key === undefined ? 'The queue is full' : `The share of ${key} is full`);
    this.key = key;
  }
}

/** No one waits for the result of a task any more. */
export class Unwanted extends Error {
  constructor() {
    super('The client has closed the connection');
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

/** Part of the queue: a key that the task is for. */
export interface Share {
  readonly key: string;
  /** How many of its tasks may wait. Default: as many as the queue has places. */
  readonly waiting?: number;
  /** How many of its turns count as one: more than 1 where many users share the key. Default: 1. */
  readonly turnsAsOne?: number;
}

interface Waiting {
  readonly shares: readonly Share[];
  readonly isGone: () => boolean;
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** Every fourth turn goes to the task that has waited longest, so a busy key never waits for ever. */
const EVERY_OLDEST = 4;

/**
 * Runs tasks in turn. The next turn goes to the task whose keys had the fewest turns lately, so a key with one task doesn't wait for
 * the many of another key. The busiest key of a task decides, and the next one where that is the same. A task that finds the queue full
 * takes the place of a task of the busiest key. While no task waits, the queue only counts.
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

  /**
   * Runs the task when its turn has come.
   * @param isGone whether the result is no longer wanted: then the task gives up its place and doesn't run
   * @throws QueueFull when it may not wait, or no longer; Unwanted when it is gone
   */
  run<T>(shares: readonly Share[], task: () => Promise<T>, isGone: () => boolean = () => false): Promise<T> {
    if (this.#running < this.#options.concurrency) return this.#start(shares, task);
    this.#dropGone();
    const full = shares.find(({ key, waiting = Infinity }) => this.#countWaiting(key) >= waiting);
    if (full) return Promise.reject(new QueueFull(full.key));
    return new Promise((resolve, reject) => {
      const start = () => void this.#start(shares, task).then(resolve, reject);
      this.#waiting.push({ shares, isGone, start, reject });
      if (this.#waiting.length > this.#options.capacity) this.#takeBusiest().reject(new QueueFull());
    });
  }

  /** Rejects all tasks that wait. */
  clear(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  async #start<T>(shares: readonly Share[], task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    this.#started += 1;
    this.#turns.add(shares);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#dropGone();
      this.#takeNext()?.start();
    }
  }

  #dropGone(): void {
    if (!this.#waiting.some(({ isGone }) => isGone())) return;
    const all = this.#waiting;
    this.#waiting = all.filter(({ isGone }) => !isGone());
    for (const { isGone, reject } of all) if (isGone()) reject(new Unwanted());
  }

  #takeNext(): Waiting | undefined {
    if (this.#started % EVERY_OLDEST === 0) return this.#waiting.shift();
    const turns = this.#waiting.map(({ shares }) => this.#turns.of(shares));
    return this.#take(turns.reduce((least, each, at) => (compare(each, turns[least]) < 0 ? at : least), 0));
  }

  /** The last task of the key with the most turns, those it waits for included. */
  #takeBusiest(): Waiting {
    const ahead = new Map<string, number>();
    const turns = this.#waiting.map(({ shares }) => {
      const before = this.#turns.of(shares, ahead);
      count(shares, ahead);
      return before;
    });
    return this.#take(
      turns.reduce((most, each, at) => (compare(each, turns[most]) >= 0 ? at : most), 0),
    ) as Waiting;
  }

  #take(index: number): Waiting | undefined {
    return this.#waiting.splice(index, 1)[0];
  }

  #countWaiting(key: string): number {
    return this.#waiting.filter(({ shares }) => shares.some((share) => share.key === key)).length;
  }
}

/** A turn counts for one to two of these. */
const PERIOD_MS = 30_000;
/** Keys remembered in each period. Past it, an older period ends early: keys are forgotten, and memory stays small. */
const MAX_KEYS = 10_000;

/** The turns that the keys of a task have had, the most first. */
type Turns = readonly number[];

/** By the most turns, then by the next. */
function compare(turns: Turns, others: Turns = []): number {
  const at = turns.findIndex((each, index) => each !== others[index]);
  return at === -1 ? 0 : (turns[at] as number) - (others[at] ?? 0);
}

/** One turn of each key. */
function count(shares: readonly Share[], turns: Map<string, number>): void {
  for (const { key } of shares) turns.set(key, (turns.get(key) ?? 0) + 1);
}

/** How many turns each key has had lately. */
class RecentTurns {
  readonly #now: () => number;
  #begunAt = 0;
  #current = new Map<string, number>();
  #previous: ReadonlyMap<string, number> = new Map();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(shares: readonly Share[]): void {
    this.#forgetOld();
    count(shares, this.#current);
  }

  /**
   * The turns of each key, the most first. Not rounded: a network that had a single turn comes after one that had none.
   * @param more turns to add to them. Default: none
   */
  of(shares: readonly Share[], more: ReadonlyMap<string, number> = new Map()): Turns {
    this.#forgetOld();
    const counts = [this.#current, this.#previous, more];
    return shares
      .map(
        ({ key, turnsAsOne = 1 }) => counts.reduce((sum, each) => sum + (each.get(key) ?? 0), 0) / turnsAsOne,
      )
      .sort((a, b) => b - a);
  }

  #forgetOld(): void {
    const age = this.#now() - this.#begunAt;
    if (age < PERIOD_MS && this.#current.size < MAX_KEYS) return;
    this.#previous = age < 2 * PERIOD_MS ? this.#current : new Map();
    this.#current = new Map();
    this.#begunAt = this.#now();
  }
}
