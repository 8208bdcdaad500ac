import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { eventually } from '../eventually';
import { startRedis } from './redis-server';
import type { TestServer } from './test-server';

const MASTERS = 3;
const SLOTS = 16_384;
const JOIN_TIMEOUT_MS = 60_000;
const CLUSTER_ARGS = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
/** A replica takes over soon, and is in sync soon: with a sync delay Redis would wait for more replicas. */
const REPLICATION_ARGS = ['--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0'];

export interface ClusterOptions {
  args?: readonly string[];
  /** Whether each master has a replica, which takes over about four seconds after the master has failed. Default: false. */
  replicas?: boolean;
}

/** Its methods act on all nodes. `servers` are the single nodes. */
export interface TestCluster extends Omit<TestServer, 'url' | 'port'> {
  readonly nodes: readonly { host: string; port: number }[];
  readonly servers: readonly TestServer[];
  /** The node that serves a key. All nodes must be up. */
  masterOf(key: string): Promise<TestServer>;
}

/** A Redis Cluster of three masters, ready to serve all slots. Replicas, if any, are in sync. */
export async function startRedisCluster({
  args = [],
  replicas = false,
}: ClusterOptions = {}): Promise<TestCluster> {
  const servers = await startNodes(
    replicas ? 2 * MASTERS : MASTERS,
    replicas ? [...CLUSTER_ARGS, ...REPLICATION_ARGS, ...args] : [...CLUSTER_ARGS, ...args],
  );
  try {
    await joinNodes(servers);
    if (replicas) await withClients(servers, addReplicas);
  } catch (error) {
    await all(servers, (server) => server.stop());
    throw error;
  }
  return {
    nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    servers,
    masterOf: (key) => masterOf(servers, key),
    stop: () => all(servers, (server) => server.stop()),
    kill: () => all(servers, (server) => server.kill()),
    freeze: () => servers.forEach((server) => server.freeze()),
    thaw: () => servers.forEach((server) => server.thaw()),
    async restart() {
      await all(servers, (server) => server.restart());
      await withClients(servers, waitUntilJoined);
    },
  };
}

async function startNodes(count: number, args: string[]): Promise<TestServer[]> {
  const starts = await Promise.allSettled(Array.from({ length: count }, () => startRedis({ args })));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (!failed) return started;
  await all(started, (server) => server.stop());
  throw failed.reason;
}

async function joinNodes(servers: readonly TestServer[]): Promise<void> {
  await withClients(servers, async (clients) => {
    for (const [index, client] of clients.slice(0, MASTERS).entries()) {
      await client.cluster('SET-CONFIG-EPOCH', index + 1);
      await client.cluster('ADDSLOTSRANGE', firstSlotOf(index), firstSlotOf(index + 1) - 1);
    }
    // Every node meets every other: otherwise gossip would take seconds.
    for (const client of clients) {
      for (const { port } of servers) await client.cluster('MEET', '127.0.0.1', port);
    }
    await waitUntilJoined(clients);
  });
}

/** Each master has one range of slots, because clients read the list of ranges each time they connect. */
function firstSlotOf(index: number): number {
  return Math.ceil((index * SLOTS) / MASTERS);
}

/** Waits until every node knows the owner of every slot. */
async function waitUntilJoined(clients: readonly Redis[]): Promise<void> {
  const deadline = Date.now() + JOIN_TIMEOUT_MS;
  for (;;) {
    const infos = await Promise.all(clients.map(clusterInfo));
    const isJoined = infos.every(
      (info) => info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`),
    );
    if (isJoined) return;
    if (Date.now() > deadline) throw new Error(`The cluster was not ready in time:\n${infos.join('\n')}`);
    await sleep(50);
  }
}

/** The first nodes are the masters. The others become their replicas. */
async function addReplicas(clients: readonly Redis[]): Promise<void> {
  for (const [index, client] of clients.slice(MASTERS).entries()) {
    await client.cluster('REPLICATE', await (clients[index] as Redis).cluster('MYID'));
  }
  await eventually('every replica is in sync, and every node knows it', async () => {
    const masters = await Promise.all(clients.slice(0, MASTERS).map((client) => client.info('replication')));
    const views = await Promise.all(clients.map(async (client) => String(await client.cluster('NODES'))));
    return (
      masters.every((replication) => /^slave0:.*state=online/m.test(replication)) &&
      // In a failover a master doesn't vote for a replica that it doesn't know.
      views.every((nodes) => (nodes.match(/\bslave /g) ?? []).length === MASTERS)
    );
  });
}

/** The only node that doesn't redirect a command for the key. */
async function masterOf(servers: readonly TestServer[], key: string): Promise<TestServer> {
  let answers: PromiseSettledResult<number>[] = [];
  await withClients(servers, async (clients) => {
    answers = await Promise.allSettled(clients.map((client) => client.exists(key)));
  });
  const master = servers[answers.findIndex(({ status }) => status === 'fulfilled')];
  if (!master) throw new Error(`No node serves ${key}`);
  return master;
}

async function clusterInfo(client: Redis): Promise<string> {
  return String(await client.cluster('INFO'));
}

async function withClients(
  servers: readonly TestServer[],
  use: (clients: readonly Redis[]) => Promise<void>,
): Promise<void> {
  const clients = servers.map(({ url }) => new Redis(url));
  try {
    await use(clients);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function all(
  servers: readonly TestServer[],
  act: (server: TestServer) => Promise<void>,
): Promise<void> {
  await Promise.all(servers.map(act));
}
