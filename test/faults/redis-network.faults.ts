import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../helpers/eventually';
import { startRedis, type TestServer } from '../helpers/servers/servers';
import { startTcpProxy, type TcpProxy } from '../helpers/servers/tcp-proxy';
import { isFailure, failuresOfServers, type History } from './history';
import { expectNoLeak } from './redis-admin';
import { runScenario } from './run-scenario';

/** How the rotation's script answers when it has rotated: `*3`, and then this. */
const ROTATED = Buffer.from('$7\r\nrotated\r\n');
/** Longer than a store call waits. The request gets 503, and the client has to ask again. */
const DOWN_MS = 1200;

let redis: TestServer;
let proxy: TcpProxy;
let url: string;

beforeEach(async () => {
  redis = await startRedis();
  proxy = await startTcpProxy(redis.port);
  url = `redis://127.0.0.1:${proxy.port}`;
});
afterEach(async () => {
  await proxy.close();
  await redis.stop();
});

test.each([
  ['The answer to a rotation is lost', true],
  ['The answer to a rotation is lost, and clients send no Idempotency-Key', false],
] as const)('%s', async (name, idempotencyKeys) => {
  let lost = 0;
  const { history } = await runScenario(name, {
    app: { redis: { url } },
    idempotencyKeys,
    strike: () => loseRotations(() => (lost += 1)),
    lastsMs: 8000,
    async repair({ history }) {
      await eventually('enough answers were lost', () =>
        Promise.resolve(lost >= 4 && successfulRetries(history) >= 4),
      );
      proxy.loseAnswers(() => false);
    },
    afterHealing: () => expectNoLeak(redis.url),
  });
  expect(lost).toBeGreaterThanOrEqual(4);
  expect(successfulRetries(history)).toBeGreaterThanOrEqual(4);
});

test('Redis answers 600 ms later', async () => {
  const { history } = await runScenario('Redis answers 600 ms later', {
    app: { redis: { url } },
    strike: () => proxy.delay(300),
    lastsMs: 5000,
    async repair({ history }) {
      await eventually('enough answers were late', () => Promise.resolve(lateOnes(history) > 50));
      proxy.delay(0);
    },
    afterHealing: () => expectNoLeak(redis.url),
  });
  expect(failuresOfServers(history.operations)).toEqual([]);
  expect(lateOnes(history)).toBeGreaterThan(50);
});

const lateOnes = ({ operations }: History) =>
  operations.filter(({ startedAt, endedAt }) => endedAt - startedAt >= 600).length;

/** The rotation happens, but its answer is swallowed, and Redis can't be reached for a while. */
function loseRotations(onLost: () => void): void {
  proxy.loseAnswers((answer) => {
    if (!answer.includes(ROTATED)) return false;
    onLost();
    proxy.cut();
    void sleep(DOWN_MS).then(() => proxy.restore());
    return true;
  });
}

/** How many refresh tokens first got a 503 and later their successor. */
function successfulRetries({ operations }: History): number {
  const refreshes = operations.filter(({ kind }) => kind === 'refresh');
  const failed = new Set(refreshes.filter(isFailure).map(({ presented }) => presented));
  const answered = refreshes.filter(({ status, presented }) => status === 200 && failed.has(presented));
  return new Set(answered.map(({ presented }) => presented)).size;
}
