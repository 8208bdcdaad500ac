import { startRedis, type TestServer } from '../helpers/servers/servers';
import { expectNoLeak } from './redis-admin';
import { failuresOfServers } from './history';
import { runScenario } from './run-scenario';

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

let redis: TestServer;

async function start(args: readonly string[] = []): Promise<TestServer> {
  redis = await startRedis({ args });
  return redis;
}
afterEach(() => redis.stop());

test('Redis is killed and stays down', async () => {
  const { url, kill } = await start();
  const { history } = await runScenario('Redis is killed and stays down', {
    app: { redis: { url } },
    strike: kill,
    lastsMs: 5000,
    heals: false,
  });
  const visits = history.operations.filter(({ kind }) => kind === 'guard');
  expect(failuresOfServers(visits)).toEqual([]);
});

test.each([
  ['Redis with AOF is killed and restarted', 'ioredis'],
  ['node-redis: Redis with AOF is killed and restarted', 'redis'],
] as const)('%s', async (name, library) => {
  const { url, kill, restart } = await start(AOF);
  await runScenario(name, {
    app: { redis: { url, library } },
    strike: kill,
    repair: restart,
    afterHealing: () => expectNoLeak(url),
  });
});

test('Redis without AOF is killed and restarted', async () => {
  const { url, kill, restart } = await start();
  await runScenario('Redis without AOF is killed and restarted', {
    app: { redis: { url } },
    strike: kill,
    repair: restart,
    afterHealing: () => expectNoLeak(url),
    allowed: { sessionsLost: true },
  });
});

// A killed process has usually given the kernel everything that it wrote, unless the disk was slow. A power failure loses it.
test('Redis with AOF everysec is killed and restarted', async () => {
  const { url, kill, restart } = await start(['--appendonly', 'yes', '--appendfsync', 'everysec']);
  await runScenario('Redis with AOF everysec is killed and restarted', {
    app: { redis: { url } },
    strike: kill,
    repair: restart,
    afterHealing: () => expectNoLeak(url),
    allowed: { sessionsLost: true, writesLost: true },
  });
});

test.each([
  ['Redis is frozen for 5 s', 'ioredis'],
  ['node-redis: Redis is frozen for 5 s', 'redis'],
] as const)('%s', async (name, library) => {
  const { url, freeze, thaw } = await start();
  await runScenario(name, {
    app: { redis: { url, library } },
    strike: freeze,
    repair: thaw,
    lastsMs: 5000,
    afterHealing: () => expectNoLeak(url),
  });
});
