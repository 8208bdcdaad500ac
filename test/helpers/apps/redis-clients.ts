import { Redis, type Cluster } from 'ioredis';
import type * as redis6 from 'redis';
import type { RedisClient } from '../../../src/index';

/**
 * For clients of ioredis whose server is killed or silent in the test: `disconnect()` would keep the process alive for 2 s, because
 * ioredis waits for the end of a line that is dead.
 */
export const ENDS_AT_ONCE = { disconnectTimeout: 50 };

/** A client that is connected. */
export interface ConnectedClient {
  readonly client: RedisClient;
  /** Sends a command of the app's own. */
  send(...command: [string, ...string[]]): Promise<unknown>;
  end(): void;
}

interface Nodes {
  readonly nodes: readonly { host: string; port: number }[];
}
interface Sentinels {
  readonly name: string;
  readonly sentinels: { host: string; port: number }[];
}

/** A package of Redis clients, with its default settings. */
export interface RedisPackage {
  connect(url: string): Promise<ConnectedClient>;
  connectCluster(cluster: Nodes): Promise<ConnectedClient>;
  connectSentinel(sentinel: Sentinels): Promise<ConnectedClient>;
}

const ignore = (): void => undefined;

type NodeRedis = Pick<typeof redis6, 'createClient' | 'createCluster' | 'createSentinel'>;

/**
 * No listener for errors: a store must make do without. The package is loaded when a test connects: it takes longer to load than
 * ours, and most tests do without.
 */
function nodeRedis(load: () => Promise<NodeRedis>): RedisPackage {
  return {
    async connect(url) {
      const { createClient } = await load();
      const client = createClient({ url });
      await client.connect();
      return {
        client,
        send: (...command) => client.sendCommand(command),
        end: () => client.isOpen && client.destroy(),
      };
    },
    async connectCluster({ nodes }) {
      const { createCluster } = await load();
      const client = createCluster({ rootNodes: nodes.map((socket) => ({ socket })) });
      // A node that is down is an error event, and without a listener connect() fails with it instead of asking the next node.
      client.on('error', ignore);
      await client.connect();
      client.off('error', ignore);
      return {
        client,
        send: (...command) => client.sendCommand(command[1], false, command),
        end: () => client.isOpen && client.destroy(),
      };
    },
    async connectSentinel({ name, sentinels }) {
      const { createSentinel } = await load();
      const client = createSentinel({ name, sentinelRootNodes: sentinels });
      await client.connect();
      return {
        client,
        send: (...command) => client.sendCommand(false, command),
        end: () => void client.destroy(),
      };
    },
  };
}

function likeIoredis(load: () => Promise<{ Redis: typeof Redis }>): RedisPackage {
  return {
    async connect(url) {
      const { Redis: Client } = await load();
      return connected(new Client(url));
    },
    async connectCluster({ nodes }) {
      const { Redis: Client } = await load();
      return connected(new Client.Cluster([...nodes]));
    },
    async connectSentinel({ name, sentinels }) {
      const { Redis: Client } = await load();
      return connected(new Client({ name, sentinels }));
    },
  };
}

function connected(client: Redis | Cluster): ConnectedClient {
  return { client, send: (name, ...args) => client.call(name, args), end: () => client.disconnect() };
}

const ioredis = likeIoredis(() => Promise.resolve({ Redis }));

/** Both versions of node-redis that the stores take. Version 6 speaks RESP 3 by default, version 5 RESP 2. */
export const NODE_REDIS = {
  'node-redis 6': nodeRedis(() => import('redis')),
  'node-redis 5': nodeRedis(() => import('redis5') as never),
};

/** A fork of ioredis, by the makers of Valkey. */
export const IOVALKEY = likeIoredis(() => import('iovalkey') as never);

export const REDIS_PACKAGES = { ioredis, ...NODE_REDIS };

export function sharedRedisUrl(): string {
  return process.env['TEST_REDIS_URL'] as string;
}
