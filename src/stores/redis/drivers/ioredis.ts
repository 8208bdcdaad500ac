import { listenTo } from '../client-events.js';
import type { OwnConnection, RedisDriver, RedisScript, ScriptArguments } from '../driver.js';

/**
 * The members of ioredis that the stores use. Pass a `Redis` or a `Cluster` of ioredis 5 or 6, or of iovalkey. The types of these
 * packages are incompatible, so this interface names only what is used.
 */
export interface IoredisClient {
  readonly status: string;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  listeners(event: string): unknown[];
  /** Whether the server answers at all. */
  ping(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  readonly isCluster?: boolean;
  readonly options?: object;
  /** Makes a Cluster client find out again which node has which keys. */
  refreshSlotsCache?(done: () => void): void;
  /** A Cluster client takes nodes and then options; any other client takes only options. */
  duplicate?(nodesOrOptions?: object, options?: object): IoredisClient;
}

/** Members of an ioredis client that its types don't show. While it reconnects, the one before has what it will restore. */
interface Condition {
  readonly select?: number;
  readonly auth?: string | readonly [string, string] | null;
}

type Method = (...args: (string | number)[]) => Promise<unknown>;

/** `wait` is the state of a lazy client, which connects with its first command. */
const READY = new Set(['ready', 'wait']);

export function isIoredisClient(client: Record<string, unknown>): boolean {
  return ['defineCommand', 'disconnect', 'on', 'listeners'].every(
    (name) => typeof client[name] === 'function',
  );
}

export class IoredisDriver implements RedisDriver {
  protected readonly client: IoredisClient;

  constructor(client: IoredisClient) {
    this.client = client;
    // Without a listener ioredis prints every connection error. The calls report the outage instead.
    if (!client.listeners('error').includes(ignore)) client.on('error', ignore);
  }

  get isCluster(): boolean {
    return this.client.isCluster === true;
  }

  /** It is wrong after `call('SELECT', n)`, which ioredis doesn't notice, and after a `select()` that Redis has refused. */
  get database(): number | undefined {
    if (this.isCluster) return undefined;
    return this.#condition.select ?? (this.client.options as { db?: number } | undefined)?.db ?? 0;
  }

  get status(): string {
    const { status } = this.client;
    return READY.has(status) ? 'ready' : status;
  }

  becomeReady(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        stopListening();
        resolve();
      };
      const timer = setTimeout(finish, withinMs);
      const stopListening = listenTo(this.client, 'ready', finish);
    });
  }

  onLost(listener: () => void): () => void {
    return listenTo(this.client, 'close', listener);
  }

  define(name: string, script: RedisScript): void {
    this.client.defineCommand(name, script);
  }

  /** The time limit is not needed: while the connection is down, nothing is sent (`becomeReady`). */
  script(name: string, args: ScriptArguments): Promise<unknown> {
    return this.#call(name, args);
  }

  command(_key: string | undefined, [name, ...args]: readonly [string, ...string[]]): Promise<unknown> {
    return this.#call(name.toLowerCase(), args);
  }

  dedicated(use: 'reading' | 'commanding', database: number | undefined): OwnConnection | undefined {
    const { node, cluster } = OPTIONS[use];
    const { client } = this;
    // Passed on, because ioredis 5 would drop the nodes' other options, including the password.
    const { redisOptions } = (client.options ?? {}) as { redisOptions?: object };
    const duplicate = client.isCluster
      ? client.duplicate?.([], { ...cluster, redisOptions: { ...redisOptions, ...node } })
      : client.duplicate?.({ db: database, ...this.#credentials, ...node });
    return duplicate && new OwnIoredis(duplicate, client);
  }

  /** Methods of ioredis add its `keyPrefix` to the keys, and use its auto-pipelining. */
  #call(name: string, args: readonly (string | number)[]): Promise<unknown> {
    return (this.client as unknown as Record<string, Method>)[name]?.(...args) as Promise<unknown>;
  }

  get #condition(): Condition {
    const { condition, prevCondition } = this.client as { condition?: Condition; prevCondition?: Condition };
    return prevCondition ?? condition ?? {};
  }

  /** Also those that the client got by `auth()`, which a duplicate doesn't have. */
  get #credentials(): { username?: string; password?: string } {
    const { auth } = this.#condition;
    const [username, password] = typeof auth === 'string' ? [undefined, auth] : (auth ?? []);
    return password ? { password, ...(username && { username }) } : {};
  }
}

class OwnIoredis extends IoredisDriver implements OwnConnection {
  readonly #stopListening: () => void;

  constructor(client: IoredisClient, ofApp: IoredisClient) {
    super(client);
    // When the app has closed its client, this one must not keep the process alive.
    this.#stopListening = listenTo(ofApp, 'end', () => this.end());
  }

  reconnect(): void {
    if (this.client.refreshSlotsCache) this.client.refreshSlotsCache(ignore);
    else this.client.disconnect(true);
  }

  end(): void {
    this.#stopListening();
    // For a connection that has ended already, ioredis would wait for another end and keep the process alive.
    if (this.client.status !== 'end') this.client.disconnect();
  }
}

/** No command may be sent a second time after a reconnect: its caller has got an error by then. */
const ONCE = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: true,
};

/** The time limits of the app's client are switched off: every caller here has its own. */
const UNLIMITED = { commandTimeout: undefined, blockingTimeout: undefined, socketTimeout: undefined };

/** A connection that is silent while a command waits is replaced after this time. */
const SILENCE_MS = 5000;
const RETRY_MS = 500;

/** What differs from the app's client, by use and by kind of client. */
const OPTIONS = {
  /**
   * For a connection that reads the log of revocations. When it fails, it is replaced and never reconnects. Reads must come from a
   * master, because a replica may not have the latest revocations yet.
   */
  reading: {
    node: {
      ...ONCE,
      ...UNLIMITED,
      lazyConnect: true,
      enableAutoPipelining: false,
      retryStrategy: () => null,
    },
    cluster: {
      lazyConnect: true,
      enableOfflineQueue: true,
      enableAutoPipelining: false,
      scaleReads: 'master',
      clusterRetryStrategy: () => null,
      retryDelayOnFailover: 0,
    },
  },
  /** For a connection that runs the commands of a store. It connects again by itself, for as long as the app's client is in use. */
  commanding: {
    node: {
      ...ONCE,
      ...UNLIMITED,
      socketTimeout: SILENCE_MS,
      lazyConnect: false,
      retryStrategy: () => RETRY_MS,
    },
    cluster: { lazyConnect: false, enableOfflineQueue: true, clusterRetryStrategy: () => RETRY_MS },
  },
} as const;

function ignore(): void {}
