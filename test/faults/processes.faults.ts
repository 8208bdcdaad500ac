import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, type TestServer } from '../helpers/servers/servers';
import { runKilledInMidRefresh } from './killed-in-mid-refresh';
import { runScenario } from './run-scenario';

let redis: TestServer;

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.stop());

test('A process of the app is killed in mid-refresh', () =>
  runKilledInMidRefresh('A process of the app is killed in mid-refresh', { redis: { url: redis.url } }));

test('Two processes have clocks 5 minutes apart', async () => {
  await runScenario('Two processes have clocks 5 minutes apart', {
    app: { redis: { url: redis.url } },
    appOf: (index) => ({ env: { CLOCK_AHEAD_MS: String(index * 300_000) } }),
    strike: () => sleep(5000),
  });
});
