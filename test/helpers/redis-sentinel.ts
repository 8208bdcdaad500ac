import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedis } from '../../scripts/find-program.js';
import { eventually } from './eventually';
import { startRedis } from './redis-server';
import { serverFolder } from './server-folder';
import { startServer, type TestServer } from './test-server';

const NAME = 'sessions';
/** A replica is in step at once, where Redis would wait for others to join it. */
const NODE_ARGS = ['--repl-diskless-sync-delay', '0'];

export interface TestSentinel {
  /** For `new Redis({ name, sentinels })`. */
  readonly name: string;
  readonly sentinels: { host: string; port: number }[];
  readonly sentinel: TestServer;
  /** The master at first, and the replica that takes over about two seconds after its master is gone. */
  readonly servers: readonly [master: TestServer, replica: TestServer];
  stop(): Promise<void>;
}

/** A master, a replica in step with it, and a Sentinel: one alone, because several may disagree for seconds. */
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
    await untilReplicaIsKnown(sentinel);
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
  // Sentinel keeps what it learns in its configuration, so that it wants that as a file.
  const configuration = join(folder.path, 'sentinel.conf');
  writeFileSync(
    configuration,
    [
      'bind 127.0.0.1',
      `dir ${folder.path}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      // After twice this time a failover that came to nothing is tried again.
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

async function untilReplicaIsKnown(sentinel: TestServer): Promise<void> {
  const client = new Redis(sentinel.url);
  try {
    await eventually('Sentinel knows a replica in step', async () =>
      JSON.stringify(await client.call('SENTINEL', 'REPLICAS', NAME)).includes('"master-link-status","ok"'),
    );
  } finally {
    client.disconnect();
  }
}
