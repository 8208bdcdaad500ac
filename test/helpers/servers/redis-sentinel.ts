import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedis } from '../../../scripts/find-program.js';
import { eventually } from '../eventually';
import { startRedis } from './redis-server';
import { serverFolder } from './server-folder';
import { startServer, type TestServer } from './test-server';

const NAME = 'sessions';
/** A replica is in sync at once: with a sync delay Redis would wait for more replicas. */
const NODE_ARGS = ['--repl-diskless-sync-delay', '0'];

export interface TestSentinel {
  /** For `new Redis({ name, sentinels })`. */
  readonly name: string;
  readonly sentinels: { host: string; port: number }[];
  readonly sentinel: TestServer;
  /** The first master, and the replica that takes over about two seconds after the master has failed. */
  readonly servers: readonly [master: TestServer, replica: TestServer];
  stop(): Promise<void>;
}

/** A master, a replica in sync with it, and only one Sentinel, because several may disagree for seconds. */
export async function startRedisSentinel(): Promise<TestSentinel> {
  const started: TestServer[] = [];
  const start = async (starting: Promise<TestServer>) => {
    const server = await starting;
    started.push(server);
    return server;
  };
  const stop = async () => void (await Promise.all(started.map((server) => server.stop())));
  try {
    const master = await start(startRedis({ args: NODE_ARGS }));
    const replicaArgs = [...NODE_ARGS, '--replicaof', '127.0.0.1', String(master.port)];
    const replica = await start(startRedis({ args: replicaArgs }));
    const sentinel = await start(startSentinel(master));
    await waitUntilReplicaIsKnown(sentinel);
    return {
      name: NAME,
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      sentinel,
      servers: [master, replica],
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startSentinel(master: TestServer): Promise<TestServer> {
  const program = findRedis();
  if (!program) throw new Error('redis-server was not found: run `npm run setup`');
  const folder = serverFolder(undefined);
  // Sentinel needs its configuration in a file, because it also saves its own state there.
  const configuration = join(folder.path, 'sentinel.conf');
  writeFileSync(
    configuration,
    [
      'bind 127.0.0.1',
      `dir ${folder.path}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      // A failed failover is tried again after twice this time.
      `sentinel failover-timeout ${NAME} 3000`,
    ].join('\n'),
  );
  return startServer({
    folder,
    port: undefined,
    url: (port) => `redis://127.0.0.1:${port}`,
    command: (port) => ({
      program,
      args: [configuration, '--sentinel', '--port', String(port)],
      folder: folder.path,
      stopSignal: 'SIGTERM',
    }),
  });
}

async function waitUntilReplicaIsKnown(sentinel: TestServer): Promise<void> {
  const client = new Redis(sentinel.url);
  try {
    await eventually('Sentinel knows a replica in sync', async () =>
      JSON.stringify(await client.call('SENTINEL', 'REPLICAS', NAME)).includes('"master-link-status","ok"'),
    );
  } finally {
    client.disconnect();
  }
}
