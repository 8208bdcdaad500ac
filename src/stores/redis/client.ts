import { BoundedCalls, isProgrammingError, NotSentError } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';
import { listenTo } from './client-events.js';
import type { RedisClient } from './redis-client.js';
import { openCommandingConnection, type OwnConnection } from './own-connection.js';

/** A Lua script. On a Cluster all its keys must have the same hash tag. */
export interface RedisScript {
  readonly numberOfKeys: number;
  readonly lua: string;
}

/** Error codes that mean a mistake in the program. Every other code (LOADING, READONLY, OOM …) means an outage. */
const MISTAKES = /^(ERR|WRONGTYPE|NOSCRIPT|NOPERM|CROSSSLOT) /;
/** How Redis before version 7 reports that a script has met an outage. */
const OUTAGE_IN_SCRIPT = /^ERR Error running script .* -(READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN) /;
/** `wait` is the state of a lazy client, which connects with its first command. */
const READY = new Set(['ready', 'wait']);

type Command = (key: string, ...args: (string | number)[]) => Promise<unknown>;

/**
 * Runs the store's commands, all with a time limit. It distinguishes an outage from a mistake in the program.
 *
 * The app's client is the app's: it is never reconnected, because ioredis would then send all commands again that have no answer
 * yet, the app's own too, and they would run twice. If its line seems dead, the commands go over a connection of our own.
 */
export class BoundedRedis {
  readonly #scripts: Readonly<Record<string, RedisScript>>;
  readonly #appClient: RedisClient;
  readonly #calls: BoundedCalls;
  readonly #becomingReady = new Map<RedisClient, Promise<void>>();
  #own: OwnConnection | undefined;

  constructor(client: RedisClient, scripts: Readonly<Record<string, RedisScript>>) {
    this.#appClient = client;
    this.#scripts = scripts;
    // A dropped NAT entry or a dead host leaves a connection that looks open. By itself ioredis would wait for ever.
    this.#calls = new BoundedCalls('Redis', isOutage, {
      // While the other nodes of a Cluster answer, ioredis doesn't notice that one node has been replaced.
      onTimeout: () => client.isCluster && this.#recover(),
      reconnect: () => client.isCluster || this.#recover(),
      ping: async () => this.client.ping(),
    });
    // Without a listener ioredis prints every connection error. The calls report the outage instead.
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
    define(scripts, client);
  }

  /** The client that commands go over now: the app's, or our own once the app's seemed dead. */
  get client(): RedisClient {
    if (this.#own?.isInSameDatabase() === false) {
      this.#own.close();
      this.#openOwn();
    }
    return this.#own?.client ?? this.#appClient;
  }

  readonly run: BoundedCalls['run'] = (operation, undo) =>
    this.#calls.run(() => {
      const { client } = this;
      return READY.has(client.status) ? operation() : this.#ready(client).then(operation);
    }, undo);

  call(command: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    return this.run(() => {
      const client = this.client as unknown as Record<string, Command>;
      return (client[command] as Command)(key, ...args);
    });
  }

  /** Opens a connection of our own in place of the app's. If it is open already, it connects again. */
  #recover(): void {
    if (this.#own && this.#own.client.status !== 'end') {
      if (this.#own.client.refreshSlotsCache) this.#own.client.refreshSlotsCache(ignore);
      else this.#own.client.disconnect(true);
      return;
    }
    this.#openOwn();
  }

  #openOwn(): void {
    this.#own = openCommandingConnection(this.#appClient);
    if (this.#own) define(this.#scripts, this.#own.client);
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

function define(scripts: Readonly<Record<string, RedisScript>>, client: RedisClient): void {
  for (const [name, script] of Object.entries(scripts)) client.defineCommand(name, script);
}

function isOutage(error: unknown): boolean {
  if (isProgrammingError(error)) return false;
  const { message } = error as Error;
  return !MISTAKES.test(message) || OUTAGE_IN_SCRIPT.test(message);
}

function ignore(): void {}
