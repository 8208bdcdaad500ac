import { eventually } from '../helpers/eventually';
import { startRedis, type TestServer } from '../helpers/servers/servers';
import { lostSessions } from './checker';
import { failuresOfServers, type History, type Operation } from './history';
import { expectNoLeak, infoOf, withRedis } from './redis-admin';
import { runScenario } from './run-scenario';

/** How far the limit is below the memory in use: more than ended sessions and closed connections free. */
const BELOW_USED_BYTES = 300_000;

let redis: TestServer;

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.stop());

test('The scripts of Redis are flushed', async () => {
  const { url } = redis;
  let missing = 0;
  const { history } = await runScenario('The scripts of Redis are flushed', {
    app: { redis: { url } },
    async strike() {
      const before = await infoOf(url, 'errorstat_NOSCRIPT');
      for (let times = 0; times < 10; times++) {
        const known = await infoOf(url, 'errorstat_NOSCRIPT');
        await withRedis(url, (admin) => admin.script('FLUSH'));
        await eventually('two scripts were missed', async () => {
          return (await infoOf(url, 'errorstat_NOSCRIPT')) >= known + 2;
        });
      }
      missing = (await infoOf(url, 'errorstat_NOSCRIPT')) - before;
    },
  });
  expect(missing).toBeGreaterThan(10);
  expect(failuresOfServers(history.operations)).toEqual([]);
});

test('Redis is emptied', async () => {
  const { url } = redis;
  let live = 0;
  const { history } = await runScenario('Redis is emptied', {
    app: { redis: { url } },
    async strike({ devices }) {
      live = devices.filter(({ isLoggedIn }) => isLoggedIn).length;
      await withRedis(url, (admin) => admin.flushall());
    },
    allowed: { sessionsLost: true },
  });
  // Some devices may be logging in or out at that moment.
  expect(lostSessions(history.operations).length).toBeGreaterThan(live / 2);
  expect(failuresOfServers(history.operations)).toEqual([]);
});

test('Redis is out of memory', async () => {
  const { url } = redis;
  const { history } = await runScenario('Redis is out of memory', {
    app: { redis: { url } },
    async strike({ devices }) {
      const limit = (await infoOf(url, 'used_memory')) - BELOW_USED_BYTES;
      const settings = ['maxmemory-policy', 'noeviction', 'maxmemory', String(limit)];
      await withRedis(url, (admin) => admin.config('SET', ...(settings as [string, string])));
      // Both are rare in the traffic, but have to happen.
      await devices.find(({ isLoggedIn }) => isLoggedIn)?.logout();
      await devices.at(-1)?.login();
    },
    repair: () => withRedis(url, (admin) => admin.config('SET', 'maxmemory', '0')),
    afterHealing: () => expectNoLeak(url),
  });
  const during = whileFaulty(history);
  const refused = new Set(during.filter(({ status }) => status === 503).map(({ kind }) => kind));
  expect([...refused]).toEqual(expect.arrayContaining(['login', 'refresh', 'logout']));
  for (const kind of ['guard', 'check'] as const) expect(refused).not.toContain(kind);
});

function whileFaulty(history: History): Operation[] {
  const [from = 0, until = Infinity] = [history.timeOf('fault'), history.timeOf('repaired')];
  return history.operations.filter(({ startedAt, endedAt }) => startedAt >= from && endedAt <= until);
}
