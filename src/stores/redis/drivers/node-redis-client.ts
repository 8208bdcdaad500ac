/** The members that a client, a Cluster and a Sentinel of node-redis have in common, and that the stores use. */
interface NodeRedisConnection {
  readonly isOpen: boolean;
  on(event: string, listener: () => void): unknown;
  listeners(event: string): unknown[];
  connect(): Promise<unknown>;
  destroy(): unknown;
  /** A Sentinel of version 5 has none. */
  duplicate?(overrides?: object): unknown;
}

/** The members of `createClient()` of node-redis that the stores use. */
export interface NodeRedisClient extends NodeRedisConnection {
  readonly isReady: boolean;
  readonly options?: object | undefined;
  sendCommand(args: string[], options?: object): Promise<unknown>;
}

/** The members of `createCluster()` of node-redis that the stores use. */
export interface NodeRedisCluster extends NodeRedisConnection {
  readonly masters: readonly object[];
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: object,
  ): Promise<unknown>;
}

/** The members of `createSentinel()` of node-redis that the stores use. */
export interface NodeRedisSentinel extends NodeRedisConnection {
  readonly isReady: boolean;
  getMasterNode(): unknown;
  sendCommand(isReadonly: boolean | undefined, args: string[], options?: object): Promise<unknown>;
}

export type AnyNodeRedis = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel;

const METHODS = ['sendCommand', 'connect', 'destroy', 'on', 'listeners'];

/** Version 5 or 6. A pool of clients is none, because it can't tell whether it is ready. */
export function isNodeRedis(members: Record<string, unknown>): boolean {
  return (
    METHODS.every((name) => typeof members[name] === 'function') &&
    typeof members['isOpen'] === 'boolean' &&
    ('isReady' in members || 'masters' in members)
  );
}

export function isCluster(client: AnyNodeRedis): client is NodeRedisCluster {
  return 'masters' in client;
}

export function isSentinel(client: AnyNodeRedis): client is NodeRedisSentinel {
  return 'getMasterNode' in client;
}

/** A Cluster is ready while some of its nodes are, so the others don't keep the users of these waiting. */
export function isReady(client: AnyNodeRedis): boolean {
  return client.isOpen && (isCluster(client) ? client.masters.length > 0 : client.isReady);
}

/** Options of node-redis. Its own types are not used: those of the versions differ, and it need not be installed. */
export interface NodeRedisOptions {
  readonly socket?: object | undefined;
  readonly database?: number;
  /** Of the nodes of a Cluster. */
  readonly defaults?: NodeRedisOptions;
  /** Of the nodes behind a Sentinel. */
  readonly nodeClientOptions?: NodeRedisOptions;
  readonly sentinelRootNodes?: readonly object[];
}

export type Duplicable = AnyNodeRedis & Required<Pick<NodeRedisConnection, 'duplicate'>>;

/**
 * The options that a client was made with. A Cluster and a Sentinel don't show them, but give them to the constructor of a
 * duplicate, which here is a function that only returns them.
 */
export function optionsOf(client: AnyNodeRedis): NodeRedisOptions {
  if (!client.duplicate) return {};
  const constructor = function (options: NodeRedisOptions) {
    return options;
  };
  const base = Object.create(client, { constructor: { value: constructor } }) as object;
  const options = (Object.create(base) as Duplicable).duplicate() as NodeRedisOptions;
  // Copied, because a Sentinel before 5.11 removes a node that doesn't answer from the app's list.
  const { sentinelRootNodes } = options;
  return { ...options, ...(sentinelRootNodes && { sentinelRootNodes: [...sentinelRootNodes] }) };
}

/** How long to wait before the next attempt to connect, in milliseconds, or false: it was the last one. */
type ReconnectStrategy = () => number | false;

/** A duplicate of the app's client, not connected. */
export function duplicateOf(
  client: Duplicable,
  options: NodeRedisOptions,
  reconnectStrategy: ReconnectStrategy,
): AnyNodeRedis {
  /** Without what the app's own commands need. A connection that waits for news is silent, and each call has a time limit. */
  const node = ({ socket, ...others }: NodeRedisOptions = {}) => ({
    ...others,
    clientSideCache: undefined,
    emitInvalidate: undefined,
    pingInterval: undefined,
    disableOfflineQueue: false,
    socket: { ...socket, socketTimeout: undefined, reconnectStrategy },
  });
  const changes = () => {
    // A node that is down must not keep us from the others: it is connected to when it is needed.
    if (isCluster(client))
      return { minimizeConnections: true, useReplicas: false, defaults: node(options.defaults) };
    if (!isSentinel(client)) return node(options);
    const { sentinelRootNodes, nodeClientOptions } = options;
    const pools = { masterPoolSize: 1, replicaPoolSize: 0, reserveClient: false };
    return { ...pools, sentinelRootNodes, nodeClientOptions: node(nodeClientOptions) };
  };
  return client.duplicate({ ...changes(), clientSideCache: undefined }) as AnyNodeRedis;
}
