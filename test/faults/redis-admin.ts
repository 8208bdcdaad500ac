import { Redis } from 'ioredis';

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
  const connections = await countConnections(url);
  expect(connections).toBeGreaterThanOrEqual(4);
  expect(connections).toBeLessThanOrEqual(6);
}

/** A number from `INFO`, such as `used_memory`. 0 if `INFO` doesn't have it. */
export function infoOf(url: string, name: string): Promise<number> {
  return withRedis(url, async (redis) => {
    const info = await redis.call('INFO', 'everything');
    return Number(new RegExp(`^${name}:(?:count=)?(\\d+)`, 'm').exec(String(info))?.[1] ?? 0);
  });
}
