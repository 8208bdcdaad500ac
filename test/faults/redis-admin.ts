import { Redis } from 'ioredis';
import { eventually } from '../helpers/eventually';
import type { TestCluster, TestServer } from '../helpers/servers/servers';
import type { Device } from './device';

/** Redis acknowledges a write before its replicas have it. The latest writes may be lost, and rotations happen twice. */
export const LATEST_WRITES_LOST = { sessionsLost: true, writesLost: true };

/** Sends commands to one node, like its operator would. */
export async function withRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

/** The number of the apps' connections. Its own, and those of replicas and Sentinels, aren't counted. */
function countConnections(url: string): Promise<number> {
  return withRedis(url, async (redis) => {
    const own = await redis.client('ID');
    const clients = String(await redis.client('LIST', 'TYPE', 'NORMAL'))
      .trim()
      .split('\n');
    return clients.filter((line) => !line.startsWith(`id=${own} `) && !line.includes(' name=sentinel-'))
      .length;
  });
}

/**
 * Each of the two processes must hold one connection for its store and one for the log of revocations. After calls that timed out
 * it also holds the store's own connection, and no more.
 */
export async function expectNoLeak(url: string): Promise<void> {
  let times = 0;
  await eventually('each process has its connections, and no more, and keeps them', async () => {
    const connections = await countConnections(url);
    times = connections >= 4 && connections <= 6 ? times + 1 : 0;
    return times === 10;
  });
}

/** A number from `INFO`, such as `used_memory`. 0 if `INFO` doesn't have it. */
export function infoOf(url: string, name: string): Promise<number> {
  return withRedis(url, async (redis) => {
    const info = await redis.call('INFO', 'everything');
    return Number(new RegExp(`^${name}:(?:count=)?(\\d+)`, 'm').exec(String(info))?.[1] ?? 0);
  });
}

export async function isMaster({ url }: TestServer): Promise<boolean> {
  return (await withRedis(url, (admin) => admin.info('replication'))).includes('role:master');
}

/** The master with the keys of most users. */
export async function busiestMaster(cluster: TestCluster, devices: readonly Device[]): Promise<TestServer> {
  const users = new Set(devices.flatMap(({ userId }) => userId ?? []));
  const counts = new Map<TestServer, number>();
  for (const user of users) {
    const master = await cluster.masterOf(`visa:{${user}}`);
    counts.set(master, (counts.get(master) ?? 0) + 1);
  }
  const [[busiest] = []] = [...counts].sort(([, one], [, other]) => other - one);
  if (!busiest) throw new Error('No device is logged in');
  return busiest;
}
