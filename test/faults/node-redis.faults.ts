import { startRedis, type TestServer } from '../helpers/servers/servers';
import { expectNoLeak } from './redis-admin';
import { runScenario } from './run-scenario';

/** Scenarios of redis.faults.ts, with node-redis 6. */
const library = 'redis';
const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

let redis: TestServer;
async function start(args: readonly string[] = []): Promise<TestServer> {
  redis = await startRedis({ args });
  return redis;
}
afterEach(() => redis.stop());

test('node-redis: Redis with AOF is killed and restarted', async () => {
  const { url, kill, restart } = await start(AOF);
  await runScenario('node-redis: Redis with AOF is killed and restarted', {
    app: { redis: { url, library } },
    strike: kill,
    repair: restart,
    afterHealing: () => expectNoLeak(url),
  });
});

test('node-redis: Redis is frozen for 5 s', async () => {
  const { url, freeze, thaw } = await start();
  await runScenario('node-redis: Redis is frozen for 5 s', {
    app: { redis: { url, library } },
    strike: freeze,
    repair: thaw,
    lastsMs: 5000,
    afterHealing: () => expectNoLeak(url),
  });
});
