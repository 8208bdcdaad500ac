import type { Redis } from 'ioredis';
import { MemoryUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { ACCESS_SECRET, createTestApp, REFRESH_SECRET, type TestApp } from '../../helpers/apps/app';
import { connectRedis, randomPrefix } from '../../helpers/apps/backends';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

/** What docs/threat-model.md says about an attacker who can read or write the sessions in Redis. */

const prefix = randomPrefix();
let redis: Redis;
let testApp: TestApp;
let tokens: { accessToken: string; refreshToken: string };
let claims: Record<string, unknown>;
let users = 0;

beforeAll(() => {
  redis = connectRedis();
  testApp = createTestApp(
    { users: new MemoryUserStore(), refreshTokens: new RedisRefreshTokenStore(redis, { keyPrefix: prefix }) },
    (app, auth) => {
      app.get('/fresh', auth.guard({ freshWithin: '5m' }), (req, res) => void res.json(req.user));
    },
  );
});
beforeEach(async () => {
  users += 1;
  await testApp.register(`owner ${users}`);
  tokens = await testApp.tokensOf(`owner ${users}`);
  claims = decodeToken(tokens.refreshToken).payload;
});
afterAll(async () => {
  await testApp.auth.close();
  redis.disconnect();
});

const refresh = (refreshToken: string) => testApp.client().post('/auth/refresh').send({ refreshToken });
const keyOfUser = async () => (await redis.keys(`${prefix}*${claims['sub'] as string}*`))[0] ?? '';
/** Everything that is stored, including the keys. */
async function dump(): Promise<string[]> {
  const texts: string[] = [];
  for (const key of await redis.keys(`${prefix}*`)) {
    texts.push(key);
    if ((await redis.type(key)) === 'hash') texts.push(...Object.entries(await redis.hgetall(key)).flat());
    if ((await redis.type(key)) === 'string') texts.push((await redis.get(key)) ?? '');
  }
  return texts;
}
/** Rewrites the stored session, line by line. */
async function tamper(change: (lines: string[]) => void): Promise<void> {
  const key = await keyOfUser();
  const field = claims['sid'] as string;
  const lines = ((await redis.hget(key, field)) ?? '').split('\n');
  change(lines);
  await redis.hset(key, field, lines.join('\n'));
}

test('a dump names users and sessions, and contains no token, no part of one and no secret', async () => {
  await refresh(tokens.refreshToken).expect(200);
  const texts = await dump();
  const all = texts.join('\n');
  expect(all).toContain(claims['sub']);
  expect(all).toContain(claims['sid']);
  const segments = [tokens.accessToken, tokens.refreshToken].flatMap((token) => token.split('.'));
  for (const secret of [...segments, ACCESS_SECRET, REFRESH_SECRET]) expect(all).not.toContain(secret);
  for (const found of texts.flatMap((text) => text.split('\n')).filter((text) => text !== ''))
    expectFailure(await refresh(encodeURIComponent(found)), 'REFRESH_TOKEN_INVALID');
});

test('a dump does not reveal the Idempotency-Key, with which an exchanged token gets its successor again', async () => {
  const key = `attempt-${users}-of-the-owner`;
  const send = () => refresh(tokens.refreshToken).set('Idempotency-Key', key);
  await send().expect(200);
  expect((await dump()).join('\n')).not.toContain(key);
  await tamper((lines) => (lines[2] = '-60000')); // exchanged a minute ago
  expect((await send()).status).toBe(200);
  expectFailure(await refresh(tokens.refreshToken), 'REFRESH_TOKEN_REUSED');
});

test('an attacker who can write can make an exchanged token valid again', async () => {
  await refresh(tokens.refreshToken).expect(200);
  await tamper((lines) => (lines[1] = '0'));
  expect((await refresh(tokens.refreshToken)).status).toBe(200);
});

test('an attacker who can write can make an old login a fresh one, with factors that were never used', async () => {
  const HOUR = 60 * 60 * 1000;
  await tamper((lines) => (lines[6] = String(-HOUR)));
  const old = (await refresh(tokens.refreshToken)).body as typeof tokens;
  const fresh = (token: string) => testApp.client().get('/fresh').set('Authorization', `Bearer ${token}`);
  expectFailure(await fresh(old.accessToken), 'REAUTHENTICATION_REQUIRED');
  await tamper((lines) => {
    lines[6] = '0';
    lines[10] = 'hwk otp';
  });
  const { accessToken } = (await refresh(old.refreshToken)).body as typeof tokens;
  expect((await fresh(accessToken)).body).toMatchObject({ amr: ['hwk', 'otp'] });
});

test("an attacker who can write can't use another user's session without that user's signed token", async () => {
  const victim = await testApp.register(`victim ${users}`);
  const key = await keyOfUser();
  const theirs = key.replace(claims['sub'] as string, victim.id);
  await redis.hset(theirs, await redis.hgetall(key));
  const { accessToken } = (await refresh(tokens.refreshToken)).body as typeof tokens;
  expect(decodeToken(accessToken).payload['sub']).toBe(claims['sub']);
});
