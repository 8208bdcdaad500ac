import { BoundedCalls, isProgrammingError } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';

/**
 * The members of ioredis that the store uses. Pass a `Redis` or a `Cluster` of version 5 or 6. The types of the two versions are
 * incompatible, so this interface names only what is used.
 */
export interface RedisClient {
  readonly status: string;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listeners(event: string): unknown[];
  disconnect(reconnect?: boolean): void;
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  readonly isCluster?: boolean;
  readonly options?: object;
  /** Makes a Cluster client find out again which node has which keys. */
  refreshSlotsCache?(done: () => void): void;
  /** A Cluster client takes nodes and then options; any other client takes only options. */
  duplicate?(nodesOrOptions?: object, options?: object): RedisClient;
}

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

/** A client whose calls all have a time limit. It distinguishes an outage from a mistake in the program. */
export class BoundedRedis {
  readonly #client: RedisClient;
  readonly #calls: BoundedCalls;
  #becomingReady: Promise<void> | undefined;

  constructor(client: RedisClient, scripts: Readonly<Record<string, RedisScript>>) {
    this.#client = client;
    // A dropped NAT entry or a dead host leaves a connection that looks open. By itself ioredis would wait for ever.
    this.#calls = new BoundedCalls('Redis', isOutage, {
      // While the other nodes of a Cluster answer, ioredis doesn't notice that one node has been replaced.
      onTimeout: () => client.refreshSlotsCache?.(ignore),
      reconnect: () => client.disconnect(true),
    });
    // Without a listener ioredis prints every connection error. The calls report the outage instead.
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
    for (const [name, script] of Object.entries(scripts)) client.defineCommand(name, script);
  }

  readonly run: BoundedCalls['run'] = (operation, undo) =>
    this.#calls.run(
      () => (READY.has(this.#client.status) ? operation() : this.#ready().then(operation)),
      undo,
    );

  call(command: string, key: string, ...args: (string | number)[]): Promise<unknown> {
    const client = this.#client as unknown as Record<string, Command>;
    return this.run(() => (client[command] as Command)(key, ...args));
  }

  /**
   * Waits until the connection is ready. Otherwise a command that is sent while the connection is down would wait in ioredis's
   * queue, and run long after its request was answered. All waiting calls share one listener.
   */
  #ready(): Promise<void> {
    this.#becomingReady ??= new Promise<void>((resolve, reject) => {
      const client = this.#client;
      const finish = () => {
        clearTimeout(timer);
        client.off('ready', finish);
        this.#becomingReady = undefined;
        if (READY.has(client.status)) resolve();
        else reject(new Error(`The connection to Redis is not ready (${client.status})`));
      };
      const timer = setTimeout(finish, CALL_TIMES.ready);
      client.on('ready', finish);
    });
    return this.#becomingReady;
  }
}

function isOutage(error: unknown): boolean {
  if (isProgrammingError(error)) return false;
  const { message } = error as Error;
  return !MISTAKES.test(message) || OUTAGE_IN_SCRIPT.test(message);
}

function ignore(): void {}
