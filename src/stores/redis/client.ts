import { BoundedCalls, isProgrammingError, NotSentError } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';
import { listenTo } from './client-events.js';
import type { RedisClient } from './redis-client.js';
import { COMMANDING } from './connection-options.js';
import { inHomeDatabase, runAtHome, type RedisScript } from './home-database.js';
import { openOwnConnection, type OwnConnection } from './own-connection.js';

/** Error codes that mean a mistake in the program. Every other code (LOADING, READONLY, OOM …) means an outage. */
const MISTAKES = /^(ERR|NOSCRIPT|NOPERM|CROSSSLOT) /;
/** How Redis before version 7 reports that a script has met an outage. */
const OUTAGE_IN_SCRIPT =
  /^ERR Error running script .* -?(READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN|WRONGTYPE) /;
const WRONG_TYPE = /^(ERR Error running script .* -?)?WRONGTYPE /;
/** `wait` is the state of a lazy client, which connects with its first command. */
const READY = new Set(['ready', 'wait']);

type Command = (key: string, ...args: (string | number)[]) => Promise<unknown>;

/**
 * Runs the store's scripts, all with a time limit and in the home database. It distinguishes an outage from a mistake in the program.
 *
 * The app's client is the app's: it is never reconnected, because ioredis would then send all commands again that have no answer
 * yet, the app's own too, and they would run twice. If its line seems dead, the commands go over a connection of our own.
 */
export class BoundedRedis {
  readonly #scripts = new Map<string, RedisScript>();
  readonly #appClient: RedisClient;
  readonly #calls: BoundedCalls;
  readonly #becomingReady = new Map<RedisClient, Promise<void>>();
  #own: OwnConnection | undefined;

  constructor(client: RedisClient, scripts: Readonly<Record<string, RedisScript>>) {
    this.#appClient = client;
    // A dropped NAT entry or a dead host leaves a connection that looks open. By itself ioredis would wait for ever.
    this.#calls = new BoundedCalls('Redis', isOutage, {
      // While the other nodes of a Cluster answer, ioredis doesn't notice that one node has been replaced.
      onTimeout: () => client.isCluster && this.#recover(),
      reconnect: () => client.isCluster || this.#recover(),
      ping: async () => this.#client.ping(),
    });
    // Without a listener ioredis prints every connection error. The calls report the outage instead.
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
    for (const [name, script] of Object.entries(scripts)) this.define(name, script);
  }

  /** The client that scripts go over now: the app's, or our own once the app's seemed dead. */
  get #client(): RedisClient {
    return this.#own?.client ?? this.#appClient;
  }

  define(name: string, script: RedisScript): void {
    const homing = inHomeDatabase(script);
    this.#scripts.set(name, homing);
    this.#appClient.defineCommand(name, homing);
    this.#own?.client.defineCommand(name, homing);
  }

  /** @param operation calls `send` */
  readonly run: BoundedCalls['run'] = (operation, undo) =>
    this.#calls.run(() => {
      const client = this.#client;
      return READY.has(client.status) ? operation() : this.#ready(client).then(operation);
    }, undo);

  /** Runs a script without a time limit. */
  async send(script: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    const client = this.#client;
    const commands = client as unknown as Record<string, Command>;
    const run = (home: string) => (commands[script] as Command)(key, ...args, home).then(assertExecuted);
    try {
      return await runAtHome(this.#appClient, client, run);
    } catch (error) {
      throw WRONG_TYPE.test((error as Error).message) ? wrongType(key) : error;
    }
  }

  call(script: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    return this.run(() => this.send(script, key, ...args));
  }

  /** Opens a connection of our own in place of the app's. If it is open already, it connects again. */
  #recover(): void {
    if (this.#own && this.#own.client.status !== 'end') {
      if (this.#own.client.refreshSlotsCache) this.#own.client.refreshSlotsCache(ignore);
      else this.#own.client.disconnect(true);
      return;
    }
    if (this.#appClient.status === 'end') return; // the app has closed it
    this.#own = openOwnConnection(this.#appClient, COMMANDING);
    for (const [name, script] of this.#scripts) this.#own?.client.defineCommand(name, script);
  }

  /**
   * Waits until the connection is ready. Otherwise a command that is sent while the connection is down would wait in ioredis's
   * queue, and run long after its request was answered. All waiting calls share one listener.
   */
  #ready(client: RedisClient): Promise<void> {
    const ready =
      this.#becomingReady.get(client) ??
      new Promise<void>((resolve, reject) => {
        const finish = () => {
          clearTimeout(timer);
          stopListening();
          this.#becomingReady.delete(client);
          if (READY.has(client.status)) resolve();
          else reject(new NotSentError(`The connection to Redis is not ready (${client.status})`));
        };
        const timer = setTimeout(finish, CALL_TIMES.ready);
        const stopListening = listenTo(client, 'ready', finish);
      });
    this.#becomingReady.set(client, ready);
    return ready;
  }
}

/** @throws TypeError that says what was passed instead of a client, and what to pass */
export function assertRedisClient(client: unknown): asserts client is RedisClient {
  const members = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>;
  if (['defineCommand', 'disconnect', 'on', 'listeners'].every((name) => typeof members[name] === 'function'))
    return;
  const cure = 'pass a client of ioredis: new RedisRefreshTokenStore(new Redis(url))';
  if (typeof client === 'string')
    throw new TypeError(`RedisRefreshTokenStore got a text, not a client: ${cure}`);
  if (typeof members['sendCommand'] === 'function')
    throw new TypeError(`RedisRefreshTokenStore got a client of the package redis (node-redis): ${cure}`);
  throw new TypeError(
    `RedisRefreshTokenStore got ${client === undefined ? 'no client' : 'no Redis client'}: ${cure}`,
  );
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

function ignore(): void {}
