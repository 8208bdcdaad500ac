import { once } from 'node:events';
import request from 'supertest';
import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../../src';
import { reasonOf } from '../../../src/utils/reason-of';
import { createTestApp } from '../../helpers/apps/app';
import { randomPrefix } from '../../helpers/apps/backends';
import { ENDS_AT_ONCE } from '../../helpers/apps/redis-clients';
import { REAL, useCallTimes } from '../../helpers/call-times';
import { eventually } from '../../helpers/eventually';
import { startTcpProxy, type TcpProxy } from '../../helpers/servers/tcp-proxy';

useCallTimes(REAL);

let proxy: TcpProxy;
let redis: Redis;
let warnings: string[];
let emitWarning: jest.SpyInstance;
beforeEach(async () => {
  warnings = [];
  emitWarning = jest
    .spyOn(process, 'emitWarning')
    .mockImplementation((warning) => void warnings.push(String(warning)));
  proxy = await startTcpProxy(Number(new URL(process.env['TEST_REDIS_URL'] as string).port));
});
afterEach(async () => {
  redis.disconnect();
  await proxy.close();
  emitWarning.mockRestore();
});

function open(listens: boolean) {
  redis = new Redis(proxy.port, '127.0.0.1', { retryStrategy: () => 50, ...ENDS_AT_ONCE });
  const refreshTokens = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const test = createTestApp({ refreshTokens, revocation: 'instant' });
  if (listens) test.auth.events.on('unavailable', () => undefined);
  return test;
}
const outages = () => warnings.filter((each) => each.startsWith('Requests get 503'));
const seen = (count: number) =>
  eventually(`${count} warnings`, () => Promise.resolve(outages().length === count));

test('without a listener an outage prints one warning, at start and again after it healed', async () => {
  proxy.cut();
  const { app, auth } = open(false);
  await seen(1);
  for (let attempt = 0; attempt < 2; attempt++)
    expect((await request(app).get('/auth/check').set('Authorization', 'Bearer x')).status).toBe(401);
  const login = { username: 'ann', password: 'correct horse battery' };
  expect((await request(app).post('/auth/login').send(login)).status).toBe(503);
  expect(outages()).toHaveLength(1);
  expect(outages()[0]).toContain("auth.events.on('unavailable'");

  const ready = auth.ready();
  await eventually('ready() says what it waits for', () =>
    Promise.resolve(warnings.some((each) => each.startsWith('auth.ready() is waiting for the store'))),
  );
  proxy.restore();
  await ready;
  proxy.cut();
  await seen(2);
  await auth.close();
});

test('with a listener no warning of an outage is printed', async () => {
  proxy.cut();
  const { auth } = open(true);
  await once(auth.events, 'revocations');
  expect(outages()).toEqual([]);
  await auth.close();
});

test('the reason is that of the server, without credentials', () => {
  const cause = new Error('connect ECONNREFUSED redis://ann:secret@redis:6379');
  expect(reasonOf(new Error('Service unavailable', { cause }))).toBe(
    'connect ECONNREFUSED redis://redis:6379',
  );
  expect(reasonOf(new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]))).toBe(
    'ECONNREFUSED',
  );
  expect(reasonOf('text')).toBe('text');
});
