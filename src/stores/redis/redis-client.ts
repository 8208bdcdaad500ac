/**
 * The members of ioredis that the store uses. Pass a `Redis` or a `Cluster` of version 5 or 6. The types of the two versions are
 * incompatible, so this interface names only what is used.
 */
export interface RedisClient {
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
  duplicate?(nodesOrOptions?: object, options?: object): RedisClient;
}
