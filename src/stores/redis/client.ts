import { BoundedCalls, isProgrammingError, NotSentError } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';
import type { OwnConnection, RedisDriver, RedisScript } from './driver.js';
import { homeDatabaseOf, inHomeDatabase, runAtHome } from './home-database.js';

/** Error codes that mean a mistake in the program. Every other code (LOADING, READONLY, OOM …) means an outage. */
const MISTAKES = /^(ERR|NOSCRIPT|NOPERM|CROSSSLOT) /;
/** How Redis before version 7 reports that a script has met an outage. */
const OUTAGE_IN_SCRIPT =
  /^ERR Error running script .* -?(READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|WRONGTYPE) /;
const WRONG_TYPE = /^(ERR Error running script .* -?)?WRONGTYPE /;

type Argument = string | number;

/**
 * Runs the store's scripts, all with a time limit and in the home database. It distinguishes an outage from a mistake in the program.
 *
 * The app's client is the app's: it is never reconnected, because ioredis would then send all commands again that have no answer
 * yet, the app's own too, and they would run twice. If its line seems dead, the commands go over a connection of our own.
 */
export class BoundedRedis {
  readonly #scripts = new Map<string, RedisScript>();
  readonly #ofApp: RedisDriver;
  readonly #calls: BoundedCalls;
  readonly #becomingReady = new Map<RedisDriver, Promise<void>>();
  #own: OwnConnection | undefined;

  constructor(driver: RedisDriver, scripts: Readonly<Record<string, RedisScript>>) {
    this.#ofApp = driver;
    // A dropped NAT entry or a dead host leaves a connection that looks open. By itself the client would wait for ever.
    this.#calls = new BoundedCalls('Redis', isOutage, {
      // While the other nodes of a Cluster answer, its client doesn't notice that one node has been replaced.
      onTimeout: () => driver.isCluster && this.#recover(),
      reconnect: () => driver.isCluster || this.#recover(),
      ping: async () => this.#driver.command(undefined, ['PING']),
    });
    for (const [name, script] of Object.entries(scripts)) this.define(name, script);
  }

  /** What scripts go over now: the app's client, or our own once the app's seemed dead. */
  get #driver(): RedisDriver {
    return this.#own ?? this.#ofApp;
  }

  define(name: string, script: RedisScript): void {
    const homing = inHomeDatabase(script);
    this.#scripts.set(name, homing);
    this.#ofApp.define(name, homing);
    this.#own?.define(name, homing);
  }

  /** @param operation calls `send` */
  readonly run: BoundedCalls['run'] = (operation, undo) =>
    this.#calls.run((lift) => {
      const driver = this.#driver;
      return driver.status === 'ready' ? operation(lift) : this.#ready(driver).then(() => operation(lift));
    }, undo);

  /** Runs a script without a time limit. If it can't be sent by `until`, it is never sent. */
  async send(
    script: string,
    args: readonly [key: string, ...args: Argument[]],
    until = performance.now() + CALL_TIMES.timeout,
  ): Promise<unknown> {
    const driver = this.#driver;
    const run = (home: string) => driver.script(script, [...args, home], until).then(assertExecuted);
    try {
      return await runAtHome(this.#ofApp, driver, run);
    } catch (error) {
      throw WRONG_TYPE.test((error as Error).message) ? wrongType(args[0]) : error;
    }
  }

  call(script: string, ...args: [key: string, ...args: Argument[]]): Promise<unknown> {
    const until = performance.now() + CALL_TIMES.timeout;
    return this.run(() => this.send(script, args, until));
  }

  /** Opens a connection of our own in place of the app's. If it is open already, it connects again. */
  #recover(): void {
    if (this.#own && this.#own.status !== 'end') return this.#own.reconnect();
    if (this.#ofApp.status === 'end') return; // the app has closed it
    this.#own = this.#ofApp.dedicated('commanding', homeDatabaseOf(this.#ofApp));
    for (const [name, script] of this.#scripts) this.#own?.define(name, script);
  }

  /**
   * Waits until the connection is ready. Otherwise a command that is sent while the connection is down would wait in the client's
   * queue, and run long after its request was answered. All waiting calls share one promise.
   */
  #ready(driver: RedisDriver): Promise<void> {
    const ready =
      this.#becomingReady.get(driver) ??
      driver
        .becomeReady(CALL_TIMES.ready)
        .then(() => {
          if (driver.status !== 'ready')
            throw new NotSentError(`The connection to Redis is not ready (${driver.status})`);
        })
        .finally(() => this.#becomingReady.delete(driver));
    this.#becomingReady.set(driver, ready);
    return ready;
  }
}

/** Between the app's `multi({ pipeline: false })` and `exec()`, Redis only queues whatever comes over the client. */
function assertExecuted(answer: unknown): unknown {
  if (answer === 'QUEUED')
    throw new Error(
      "The app's Redis client is in a transaction: begin it on a client of its own, redis.duplicate()",
    );
  return answer;
}

/** Another program has written it, or someone by hand. The key names a user at most: what is secret is hashed in keys. */
function wrongType(key: string): Error {
  return new Error(
    `The Redis key ${key}, or one that begins with it, has a value of another type, which passport-visa didn't write: ` +
      'delete it with DEL, or give the store a keyPrefix of its own',
  );
}

function isOutage(error: unknown): boolean {
  if (isProgrammingError(error)) return false;
  const { message } = error as Error;
  return !MISTAKES.test(message) || OUTAGE_IN_SCRIPT.test(message);
}
