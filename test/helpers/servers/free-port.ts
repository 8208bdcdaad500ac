import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// A Redis Cluster node also listens on its port plus this offset.
const CLUSTER_BUS_OFFSET = 10_000;
// Both ports are below those of outgoing connections (from 32768 on Linux, from 49152 on macOS). No connection takes one while its
// server is down for a moment.
const FIRST_PORT = 16_000;
const LAST_PORT = 21_999;

/** A free loopback port. It's random, because parallel test files should rarely choose the same one. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if ((await isFree(port)) && (await isFree(port + CLUSTER_BUS_OFFSET))) return port;
  }
  throw new Error(`No free port between ${FIRST_PORT} and ${LAST_PORT}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
