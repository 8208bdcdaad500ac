import { startRedis, type TestServer } from '../helpers/servers/servers';
import type { Device } from './device';
import { failuresOfServers, isFailure, type History } from './history';
import { medianTime } from './measure';
import { runScenario } from './run-scenario';

const LOGINS = 200;

let redis: TestServer;

beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis.stop());

test('200 parallel logins beside a steady guarded client', async () => {
  const { history } = await runScenario('200 parallel logins beside a steady guarded client', {
    app: {
      redis: { url: redis.url },
      options: { limits: { username: false, address: false, logins: false } },
    },
    async strike({ devices, history }) {
      const crowd = Array.from({ length: LOGINS }, (_, n) => devices[n % devices.length] as Device);
      await Promise.all(crowd.map((device) => device.loginByPassword(0)));
      history.mark('repaired');
    },
    allowed: { loginsRefused: true },
    note: ({ history }) => {
      const { before, meanwhile } = guardMedians(history);
      const served = passwordLogins(history).filter(({ status }) => status === 200).length;
      return `${served} logged in, ${LOGINS - served} were refused; the guard's median: ${before} ms before, ${meanwhile} ms meanwhile`;
    },
  });
  // The queue for hashing has a bounded share for each address: a login that would wait too long gets 429 at once, and all others are served.
  const logins = passwordLogins(history);
  expect(logins).toHaveLength(LOGINS);
  expect(failuresOfServers(logins)).toEqual([]);
  const answered = logins.filter((each) => !isFailure(each));
  expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200, 429]));
  const { meanwhile } = guardMedians(history);
  expect(meanwhile).toBeLessThan(250); // with bcryptjs in the event loop it would take seconds
});

function passwordLogins({ operations }: History) {
  return operations.filter(({ kind }) => kind === 'password');
}

/** How long guards took, in the process that got all 200 logins. */
function guardMedians(history: History): { before: number; meanwhile: number } {
  const begin = history.timeOf('fault') ?? 0;
  const end = history.timeOf('repaired') ?? 0;
  const visits = history.operations.filter(({ kind, app }) => kind === 'guard' && app === 0);
  return {
    before: medianTime(visits.filter(({ endedAt }) => endedAt < begin)),
    meanwhile: medianTime(visits.filter(({ startedAt }) => startedAt > begin && startedAt < end)),
  };
}
