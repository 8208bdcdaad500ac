import { BoundedCalls, isProgrammingError } from '../bounded-calls.js';

/**
 * What the store needs of ioredis: a `Redis` or a `Cluster`, version 5 or 6, made by the caller. The types of
 * the two versions don't fit each other, so that this names the members that are used and no more.
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
  /** Has a Cluster look anew which node has which keys. */
  refreshSlotsCache?(done: () => void): void;
  /** A client of a Cluster takes nodes first and then options, any other one options. */
  duplicate?(nodesOrOptions?: object, options?: object): RedisClient;
}

/** A Lua script; on a Cluster all its keys must share their hash tag. */
export interface RedisScript {
  readonly numberOfKeys: number;
  readonly lua: string;
}

/** Error codes that are a mistake in the program; every other one (LOADING, READONLY, OOM …) is an outage. */
const MISTAKES = /^(ERR|WRONGTYPE|NOSCRIPT|NOPERM|CROSSSLOT) /;
/** How Redis before version 7 reports an outage that a script has run into. */
const OUTAGE_IN_SCRIPT = /^ERR Error running script .* -(READONLY|OOM|MISCONF|MASTERDOWN|CLUSTERDOWN) /;
/**
 * ioredis sends a command again after a reconnect, which may be long after its caller was answered with 503. A script that must
 * not run then is given a deadline: longer than any call is waited for, and shorter than any stall that matters.
 */
export const WRITE_DEADLINE_MS = 1500;
/** `wait` is a lazy client, which connects with its first command. */
const READY = new Set(['ready', 'wait']);

type Command = (key: string, ...args: (string | number)[]) => Promise<unknown>;

/** A client whose every call is bounded in time and tells an outage from a mistake. */
export class BoundedRedis {
  readonly #client: RedisClient;
  readonly #calls: BoundedCalls;
  #becomingReady: Promise<void> | undefined;

  constructor(client: RedisClient, scripts: Readonly<Record<string, RedisScript>>) {
    this.#client = client;
    // A dropped NAT entry or a dead host leaves a connection that looks open; ioredis alone would wait for ever.
    this.#calls = new BoundedCalls('Redis', isOutage, {
      // A Cluster whose other nodes answer would not notice that one of them has been replaced.
      onTimeout: () => client.refreshSlotsCache?.(ignore),
      reconnect: () => client.disconnect(true),
    });
    // ioredis prints every connection error that nobody listens for; the calls report the outage.
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
   * Without it a command given while the connection is down would wait in ioredis's queue and run after its
   * request has long been answered. All waiting calls share one listener.
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
      const timer = setTimeout(finish, READY_TIMEOUT_MS);
      client.on('ready', finish);
    });
    return this.#becomingReady;
  }
}

/** Below the limit of a call, so that the error can name the reason. */
const READY_TIMEOUT_MS = 900;

function isOutage(error: unknown): boolean {
  if (isProgrammingError(error)) return false;
  const { message } = error as Error;
  return !MISTAKES.test(message) || OUTAGE_IN_SCRIPT.test(message);
}

function ignore(): void {}
