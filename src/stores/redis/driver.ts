/** A Lua script. On a Cluster all its keys must have the same hash tag. */
export interface RedisScript {
  readonly numberOfKeys: number;
  readonly lua: string;
}

/** The arguments of a script: its keys first. */
export type ScriptArguments = readonly [key: string, ...args: (string | number)[]];

/**
 * What the stores need of a Redis client. Each package of clients has one file in `drivers/`, the only place that knows it. A
 * client of the app is the app's: nothing here reconnects or ends it.
 */
export interface RedisDriver {
  readonly isCluster: boolean;
  /**
   * The database that the client is in, as far as it knows. Undefined if it has only one, or if every connection of it goes to
   * the right one by itself.
   */
  readonly database: number | undefined;
  /** `ready`: commands can be sent. `end`: the app has closed the client. Any other text says why commands have to wait. */
  readonly status: string;
  /** Resolves when the client is ready, or after that many milliseconds. @throws TypeError if the app hasn't connected it */
  becomeReady(withinMs: number): Promise<void>;
  /** Calls the listener when the connection breaks. @returns a function that stops it */
  onLost(listener: () => void): () => void;
  /** Makes a script known by a name. */
  define(name: string, script: RedisScript): void;
  /** @param until a time of `performance.now()`. A script that has not been sent by then is never sent, and gets no answer. */
  script(name: string, args: ScriptArguments, until: number): Promise<unknown>;
  /** @param key decides which node of a Cluster gets the command */
  command(key: string | undefined, command: readonly [name: string, ...args: string[]]): Promise<unknown>;
  /**
   * Opens a connection of our own, to the same server or Cluster: to wait for news (`reading`), or to take the place of the app's
   * client (`commanding`). It ends with the app's client. Undefined if the client can't be duplicated.
   */
  dedicated(use: 'reading' | 'commanding', database: number | undefined): OwnConnection | undefined;
}

/** A connection of this package's own. */
export interface OwnConnection extends RedisDriver {
  /** Replaces a connection that looks open but no longer brings answers. */
  reconnect(): void;
  end(): void;
}
