import { once } from 'node:events';
import { Redis } from 'ioredis';
import { RedisRefreshTokenStore, type OneTimeTokenStore } from '../../src/index';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { ENDS_AT_ONCE } from '../helpers/apps/redis-clients';
import { startRedis } from '../helpers/servers/servers';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { newToken } from './samples';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { within } from '../helpers/within';

afterEach(() => useCallTimes(PATIENT));

const keyPrefix = randomPrefix();
const redis = connectRedis();
afterAll(() => redis.quit());

const tokensOf = (client: Redis) => new RedisRefreshTokenStore(client, { keyPrefix }).oneTimeTokens();

test('a take whose answer is lost is repeated, and gets the token that it has taken', async () => {
  const proxy = await startTcpProxy(Number(new URL(process.env['TEST_REDIS_URL'] ?? '').port));
  const client = new Redis(`redis://127.0.0.1:${proxy.port}`, ENDS_AT_ONCE);
  try {
    await once(client, 'ready');
    const store = tokensOf(client);
    const token = newToken({ data: 'waits' });
    await store.create(token);
    expect(await store.find(token.purpose, token.hash)).toBeDefined();
    let lost = 0;
    useCallTimes(REAL); // the repetition comes before the call gives up
    proxy.loseAnswers((answer) => lost === 0 && answer.includes(token.hash) && (lost += 1) > 0);
    expect(await store.take(token.purpose, token.hash)).toMatchObject({ hash: token.hash, data: 'waits' });
    useCallTimes(PATIENT);
    expect(lost).toBe(1);
    expect(await store.take(token.purpose, token.hash)).toBeUndefined();
    expect(await tokensOf(redis).take(token.purpose, token.hash)).toBeUndefined();
  } finally {
    client.disconnect();
    await proxy.close();
  }
});

/** A client whose first `writes` come too late, as if they had waited for a reconnect. */
function lateClient(writes: number): Redis {
  const client = connectRedis();
  new RedisRefreshTokenStore(client); // defines the scripts
  const scripts = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  let left = writes;
  for (const name of ['visaCreateToken', 'visaTakeToken', 'visaRemoveTokens']) {
    const run = scripts[name]?.bind(client) as (...args: unknown[]) => Promise<unknown>;
    scripts[name] = (...args) => {
      const [deadline, database] = args.slice(-2);
      return run(...args.slice(0, -2), (left -= 1) < 0 ? deadline : 1, database);
    };
  }
  client.defineCommand = () => undefined; // the store must not define them again
  return client;
}

test('a write that comes after its deadline does nothing', async () => {
  const late = lateClient(Infinity);
  const [store, token] = [tokensOf(redis), newToken()];
  await store.create(token);
  const unavailable = { code: 'SERVICE_UNAVAILABLE' };
  await expect(tokensOf(late).take(token.purpose, token.hash)).rejects.toMatchObject(unavailable);
  await expect(tokensOf(late).create(newToken())).rejects.toMatchObject(unavailable);
  await expect(tokensOf(late).removeAll(token.subject)).rejects.toMatchObject(unavailable);
  expect(await store.take(token.purpose, token.hash)).toBeDefined();
  await late.quit();
});

test('a different clock on the other node of a Cluster costs one more call', async () => {
  for (const act of ['create', 'take'] as const) {
    const skewed = lateClient(1);
    const [store, token] = [tokensOf(redis), newToken()];
    await (act === 'create' ? tokensOf(skewed) : store).create(token);
    const taken = await (act === 'take' ? tokensOf(skewed) : store).take(token.purpose, token.hash);
    expect(taken).toMatchObject({ hash: token.hash });
    await skewed.quit();
  }
});

test('calls fail with SERVICE_UNAVAILABLE within a second in an outage, and the token survives it', async () => {
  const server = await startRedis();
  const client = new Redis(server.url, ENDS_AT_ONCE);
  const store = new RedisRefreshTokenStore(client).oneTimeTokens();
  const token = newToken();
  const calls: ((from: OneTimeTokenStore) => Promise<unknown>)[] = [
    (from) => from.create(newToken({ slot: 'other' })),
    (from) => from.find(token.purpose, token.hash),
    (from) => from.take(token.purpose, token.hash),
    (from) => from.removeAll('bob'),
  ];
  try {
    await store.create(token);
    useCallTimes(REAL);
    server.freeze();
    for (const result of await within(1500, () => Promise.allSettled(calls.map((call) => call(store)))))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
    server.thaw();
    await client.ping();
    useCallTimes(PATIENT);
    expect(await store.take(token.purpose, token.hash)).toMatchObject({ subject: 'ann' });
    useCallTimes(REAL);
    await server.kill();
    for (const result of await Promise.allSettled(calls.map((call) => call(store))))
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
  } finally {
    client.disconnect();
    await server.stop();
  }
});
