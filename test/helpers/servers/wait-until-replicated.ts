import { Redis } from 'ioredis';
import type { TestServer } from './test-server';

/**
 * A master replicates its writes in order, so a replica with the last one has all of them.
 * @param key one that the master serves
 */
export async function waitUntilReplicated(master: TestServer, key: string): Promise<void> {
  const client = new Redis(master.url);
  try {
    await client.set(key, '', 'EX', 60);
    expect(await client.wait(1, 30_000)).toBe(1);
  } finally {
    client.disconnect();
  }
}
