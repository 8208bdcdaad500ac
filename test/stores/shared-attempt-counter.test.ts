import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { PostgresRefreshTokenStore, RedisRefreshTokenStore, type AttemptCounter } from '../../src';
import { createTestApp, setCookies } from '../helpers/apps/app';
import { createDatabase, randomPrefix } from '../helpers/apps/backends';
import { expectFailure } from '../helpers/failures';
import { startRedis } from '../helpers/servers/servers';
import { startTcpProxy, type TcpProxy } from '../helpers/servers/tcp-proxy';
import { BRIEF, PATIENT, useCallTimes } from '../helpers/call-times';

// Undoing an attempt must be one operation: between two steps, another attempt could go uncounted.
interface Backend {
  counter: AttemptCounter;
  /** Lets this many more calls pass before the network breaks. */
  breakAfter(calls: number): void;
  close(): Promise<void>;
}

async function openRedis(): Promise<Backend> {
  const proxy = await startTcpProxy(Number(new URL(process.env['TEST_REDIS_URL'] ?? '').port));
  // Interrupted commands are not sent again, as if the process had ended.
  const client = new Redis({ port: proxy.port, autoResendUnfulfilledCommands: false });
  await once(client, 'ready');
  const [count, breakAfter] = breaker(proxy);
  const send = client.sendCommand.bind(client);
  client.sendCommand = (...command) => {
    count();
    return send(...command);
  };
  const store = new RedisRefreshTokenStore(client, { keyPrefix: randomPrefix() });
  return {
    counter: store.attemptCounter('failures', 60),
    breakAfter,
    async close() {
      client.disconnect();
      await proxy.close();
    },
  };
}

async function openPostgres(): Promise<Backend> {
  const database = await createDatabase();
  const url = new URL(database.url);
  const proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const pool = new Pool({ connectionString: url.href });
  const [count, breakAfter] = breaker(proxy);
  const store = new PostgresRefreshTokenStore({
    query: (text: string, values?: unknown[]) => {
      count();
      return pool.query(text, values);
    },
  });
  pool.on('error', () => undefined);
  await store.migrate();
  return {
    counter: store.attemptCounter('failures', 60),
    breakAfter,
    async close() {
      await pool.end();
      await proxy.close();
      await database.close();
    },
  };
}

/** Lets a number of calls pass, and cuts the connection at the next one. */
function breaker(proxy: TcpProxy): [count: () => void, breakAfter: (calls: number) => void] {
  let left = Infinity;
  const count = () => {
    left -= 1;
    if (left < 0) proxy.cut();
  };
  const breakAfter = (calls: number) => {
    left = calls;
    proxy.restore();
  };
  return [count, breakAfter];
}

describe.each([
  ['Redis', openRedis],
  ['PostgreSQL', openPostgres],
])('attempts counted in %s', (_name, open) => {
  let backend: Backend;
  const countOf = async (key: string) => (await backend.counter.increment(key)).count;

  beforeAll(async () => void (backend = await open()));
  afterAll(() => backend.close());

  test('are undone one by one, and never leave a credit', async () => {
    for (let n = 0; n < 3; n += 1) await countOf('ann');
    await backend.counter.decrement('ann');
    expect(await countOf('ann')).toBe(3);
    await Promise.all(Array.from({ length: 10 }, () => backend.counter.decrement('ann')));
    expect(await countOf('ann')).toBe(1);
    await backend.counter.decrement('never counted');
    expect(await countOf('never counted')).toBe(1);
  });

  test('are not lost while another is undone', async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = `round ${round}`;
      await countOf(key);
      await Promise.all([backend.counter.decrement(key), countOf(key)]);
      expect(await countOf(key)).toBe(2);
    }
  });

  test('can be looked up without counting', async () => {
    const { hold, reset, decrement, has } = backend.counter as Required<AttemptCounter>;
    const lookedUpTwice = async () => [await has('cleo'), await has('cleo')];
    expect(await lookedUpTwice()).toEqual([false, false]);
    await hold('cleo', 30 * 24 * 60 * 60);
    expect(await lookedUpTwice()).toEqual([true, true]);
    expect(await countOf('cleo')).toBe(2);
    await reset('cleo');
    expect(await lookedUpTwice()).toEqual([false, false]);
    await countOf('cleo');
    expect(await lookedUpTwice()).toEqual([true, true]);
    await decrement('cleo');
    expect(await lookedUpTwice()).toEqual([false, false]);
    await hold('cleo', 1);
    await sleep(1100);
    expect(await lookedUpTwice()).toEqual([false, false]);
  });

  test('leave no credit when they are reset before they are undone, even if the network breaks after the first call', async () => {
    await countOf('bob');
    await backend.counter.reset('bob');
    backend.breakAfter(1);
    await backend.counter.decrement('bob').catch(() => undefined);
    backend.breakAfter(Infinity);
    expect(await countOf('bob')).toBe(1);
  });
});

test('a flow state stays taken even if the answer to taking it was lost', async () => {
  const redis = await startRedis();
  const client = new Redis(redis.url);
  const store = new RedisRefreshTokenStore(client);
  const { auth, client: http } = createTestApp(
    { refreshTokens: store },
    (app, { flowState, errorHandler }) => {
      app.post('/begin', (req, res) => void res.json(flowState.save(req, {})));
      app.post('/finish/:handle', async (req, res) => {
        res.json(await flowState.take(req, req.params.handle));
      });
      app.use(errorHandler);
    },
  );
  try {
    const begun = await http().post('/begin');
    const [[name, { value }] = ['', { value: '' }]] = Object.entries(setCookies(begun));
    const finish = () => http().post(`/finish/${begun.body}`).set('Cookie', `${name}=${value}`);
    await client.ping();
    useCallTimes(BRIEF);
    redis.freeze();
    expectFailure(await finish(), 'SERVICE_UNAVAILABLE');
    useCallTimes(PATIENT);
    redis.thaw();
    // By the time it answers this, Redis has done what it was asked while frozen.
    await client.ping();
    for (let n = 0; n < 3; n += 1) expectFailure(await finish(), 'FLOW_STATE_INVALID');
  } finally {
    client.disconnect();
    await auth.close();
    await redis.stop();
  }
});
