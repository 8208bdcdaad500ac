import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, type TestServer } from '../helpers/servers/servers';
import { runScenario } from './run-scenario';

let redis: TestServer;

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.stop());

test('A process of the app is killed in mid-refresh', async () => {
  const { history } = await runScenario('A process of the app is killed in mid-refresh', {
    app: { redis: { url: redis.url } },
    async strike({ apps, devices }) {
      const inFlight = devices.map((device) => device.refresh([0]));
      await sleep(3);
      await apps[0]?.kill();
      await Promise.all(inFlight);
    },
    lastsMs: 1000,
    repair: (running) => running.restartApp(0),
    allowed: { unanswered: true },
  });
  const cutOff = history.operations.filter(({ kind, status }) => kind === 'refresh' && status === 0);
  expect(cutOff.length).toBeGreaterThan(0);
});

test('Two processes have clocks 5 minutes apart', async () => {
  await runScenario('Two processes have clocks 5 minutes apart', {
    app: { redis: { url: redis.url } },
    appOf: (index) => ({ env: { CLOCK_AHEAD_MS: String(index * 300_000) } }),
    strike: () => sleep(5000),
  });
});
