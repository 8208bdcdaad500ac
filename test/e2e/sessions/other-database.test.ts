import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RedisRefreshTokenStore, type AuthEvent } from '../../../src';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { connectRedis, randomPrefix } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { newFollower, newSession, newToken } from '../../stores/samples';

const [HOME, OTHER, NONE] = [2, 3, 99];
const settle = (command: Promise<unknown>) => command.catch(() => undefined);

/** How an app can send its client to another database, or try to. ioredis notices half of them. */
const MOVES: [what: string, move: (redis: Redis, database: number) => Promise<unknown>, target: number][] = [
  ['select()', (redis, n) => redis.select(n), OTHER],
  ["call('SELECT')", (redis, n) => redis.call('SELECT', n), OTHER],
  ["call('select')", (redis, n) => redis.call('select', String(n)), OTHER],
  ['a pipeline', (redis, n) => redis.pipeline().select(n).exec(), OTHER],
  ['a transaction', (redis, n) => redis.multi().select(n).exec(), OTHER],
  ["call('SELECT') in a pipeline", (redis, n) => redis.pipeline().call('SELECT', n).exec(), OTHER],
  ['a select() that Redis refuses', (redis, n) => settle(redis.select(n === HOME ? HOME : NONE)), HOME],
  [
    "a call('SELECT') that Redis refuses",
    (redis, n) => settle(redis.call('SELECT', n === HOME ? HOME : NONE)),
    HOME,
  ],
];

const databaseOf = async (redis: Redis) => Number(/ db=(\d+)/.exec(String(await redis.client('INFO')))?.[1]);

function startApp(redis: Redis, keyPrefix = randomPrefix()) {
  const events: AuthEvent[] = [];
  const testApp = createTestApp({ refreshTokens: new RedisRefreshTokenStore(redis, { keyPrefix }) });
  testApp.auth.events.onAny((event) => events.push(event));
  return { ...testApp, keyPrefix, named: (name: string) => events.filter(({ type }) => type === name) };
}

describe.each(MOVES)("after the app's client has gone to another database by %s", (_what, move, target) => {
  test('sessions go on, and nothing of ours is in the other database', async () => {
    const [redis, other] = [connectRedis({ db: HOME }), connectRedis({ db: OTHER })];
    const app = startApp(redis);
    try {
      await app.auth.ready();
      const { id } = await app.register('ann');
      const [laptop, phone] = [await app.loggedIn('ann'), await app.loggedIn('ann')];
      await app.client().post('/auth/login').send({ username: 'ann', password: 'wrong' }).expect(401);
      await move(redis, OTHER);
      expect(await databaseOf(redis)).toBe(target);

      for (const browser of [laptop, phone]) await browser.post('/auth/refresh').expect(200);
      await laptop.get('/profile').expect(200);
      expect((await laptop.get('/auth/sessions').expect(200)).body).toMatchObject({ sessions: [{}, {}] });
      const tablet = await app.loggedIn('ann');
      await app.client().post('/auth/login').send({ username: 'ann', password: 'wrong' }).expect(401);
      await app.client().post('/auth/login').send({ username: 'ann', password: PASSWORD }).expect(200);
      await phone.post('/auth/logout').expect(200);
      expect(await databaseOf(redis)).toBe(target);

      await move(redis, HOME);
      for (const browser of [laptop, tablet]) await browser.post('/auth/refresh').expect(200);
      await phone.get('/auth/check').expect(401);
      expect(await app.auth.sessions.list(id)).toHaveLength(3);
      expect(app.named('revoked')).toMatchObject([{ reason: 'logout' }]);
      expect([...app.named('refreshFailed'), ...app.named('unavailable')]).toEqual([]);
      expect(await other.keys(`${app.keyPrefix}*`)).toEqual([]);
    } finally {
      await app.auth.close();
      for (const client of [redis, other]) client.disconnect();
    }
  });
});

test('a refresh in the middle of a transaction of the app gets 503 with the cure, and no session ends', async () => {
  const redis = connectRedis();
  const app = startApp(redis);
  try {
    await app.register('ann');
    const browser = await app.loggedIn('ann');
    await redis.multi({ pipeline: false });
    await redis.select(OTHER);
    await browser.post('/auth/refresh').expect(503);
    const [event] = app.named('unavailable') as { error: Error }[];
    expect((event?.error.cause as Error).message).toMatch(/transaction.*redis\.duplicate\(\)/);
    await redis.exec();
    await browser.post('/auth/refresh').expect(200);
    expect(await databaseOf(redis)).toBe(OTHER);
    expect(app.named('refreshFailed')).toEqual([]);
  } finally {
    await app.auth.close();
    redis.disconnect();
  }
});

test('no refresh fails while the app goes from database to database', async () => {
  const redis = connectRedis();
  const app = startApp(redis);
  try {
    await app.register('ann');
    const browsers = await Promise.all(Array.from({ length: 4 }, () => app.loggedIn('ann')));
    let isDone = false;
    const wandering = (async () => {
      for (let n = 0; !isDone; n += 1) await (n % 2 ? redis.select(n % 16) : redis.call('SELECT', n % 16));
    })();
    for (let round = 0; round < 5; round += 1)
      await Promise.all(browsers.map((browser) => browser.post('/auth/refresh').expect(200)));
    isDone = true;
    await wandering;
    expect(app.named('refreshFailed')).toEqual([]);
  } finally {
    await app.auth.close();
    redis.disconnect();
  }
});

test('limits count in the home database, whatever the app has selected', async () => {
  const redis = connectRedis({ db: HOME });
  const counter = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() }).attemptCounter(
    'login',
    60,
  );
  try {
    expect(await counter.increment('ann')).toMatchObject({ count: 1 });
    await redis.call('SELECT', OTHER);
    expect(await counter.increment('ann')).toMatchObject({ count: 2 });
    expect(await counter.has?.('ann')).toBe(true);
    await counter.decrement('ann');
    await redis.call('SELECT', HOME);
    expect(await counter.increment('ann')).toMatchObject({ count: 2 });
    await redis.select(OTHER);
    await counter.hold('ann', 60);
    await redis.select(HOME);
    expect(await counter.increment('ann')).toMatchObject({ count: 2 });
    await redis.select(OTHER);
    await counter.reset('ann');
    await redis.select(HOME);
    expect(await counter.has?.('ann')).toBe(false);
  } finally {
    redis.disconnect();
  }
});

test('one-time tokens are in the home database, whatever the app has selected', async () => {
  const redis = connectRedis({ db: HOME });
  const tokens = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() }).oneTimeTokens();
  const token = newToken();
  try {
    await tokens.create(token);
    await redis.call('SELECT', OTHER);
    expect(await tokens.find(token.purpose, token.hash)).toMatchObject({ subject: 'ann' });
    expect(await tokens.take(token.purpose, token.hash)).toMatchObject({ subject: 'ann' });
    await redis.call('SELECT', HOME);
    expect(await tokens.take(token.purpose, token.hash)).toBeUndefined();
  } finally {
    redis.disconnect();
  }
});

test.each(MOVES)('a process goes on hearing of revocations after %s', async (_what, move) => {
  const [redis, other] = [connectRedis({ db: HOME }), connectRedis({ db: HOME })];
  const app = startApp(redis);
  const elsewhere = startApp(other, app.keyPrefix);
  try {
    await Promise.all([app.auth.ready(), elsewhere.auth.ready()]);
    const { id } = await app.register('ann');
    const browser = await app.loggedIn('ann');
    await move(redis, OTHER);
    await elsewhere.auth.sessions.revokeAll(id);
    await eventually('the session is refused', async () => (await browser.get('/profile')).status === 401);
    expect(app.named('unavailable')).toEqual([]);
  } finally {
    await Promise.all([app.auth.close(), elsewhere.auth.close()]);
    for (const client of [redis, other]) client.disconnect();
  }
});

test('all stores over one client have one home', async () => {
  const redis = connectRedis({ db: HOME });
  const keyPrefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix });
  try {
    await store.create(newSession('ann', 'one'));
    await redis.select(OTHER);
    const later = new RedisRefreshTokenStore(redis, { keyPrefix });
    expect(await later.list('ann')).toHaveLength(1);
  } finally {
    redis.disconnect();
  }
});

describe('a Redis user who may not give SELECT', () => {
  const username = `no-select-${randomUUID()}`;
  let admin: Redis;
  let redis: Redis;
  const refusals = async () => String(JSON.stringify(await admin.acl('LOG'))).includes(username);

  beforeAll(async () => {
    admin = connectRedis();
    await admin.acl('SETUSER', username, 'on', '>password', '~*', '+@all', '-select');
  });
  beforeEach(() => {
    redis = connectRedis({ username, password: 'password' });
  });
  afterEach(() => redis.disconnect());
  afterAll(async () => {
    await admin.acl('DELUSER', username);
    admin.disconnect();
  });

  test('has working sessions, and the server logs no refusal', async () => {
    const app = startApp(redis);
    await app.register('ann');
    const browser = await app.loggedIn('ann');
    await browser.post('/auth/refresh').expect(200);
    await app.auth.close();
    expect(await refusals()).toBe(false);
  });

  test('gets 503 with the cure once ioredis says that it is elsewhere, and no session ends', async () => {
    const app = startApp(redis);
    await app.register('ann');
    const browser = await app.loggedIn('ann');
    await expect(redis.select(OTHER)).rejects.toThrow('NOPERM');
    await browser.post('/auth/refresh').expect(503);
    const [event] = app.named('unavailable') as { error: Error }[];
    expect((event?.error.cause as Error).message).toMatch(/another database.*redis\.duplicate\(\{ db \}\)/);
    expect(app.named('refreshFailed')).toEqual([]);
    await settle(redis.select(0));
    await browser.post('/auth/refresh').expect(200);
    await app.auth.close();
  });
});

test('a client that has no duplicate stops following with the cure, instead of reading another log', async () => {
  const redis = connectRedis({ db: HOME });
  Object.assign(redis, { duplicate: undefined });
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const lost: unknown[] = [];
  const feed = store.followRevocations(newFollower({ onLost: (error) => void lost.push(error) }));
  try {
    await store.time();
    await redis.select(OTHER);
    await eventually('following stops', () => Promise.resolve(lost.length > 0));
    expect((lost[0] as Error).message).toMatch(/another database.*redis\.duplicate\(\{ db \}\)/);
  } finally {
    feed.close();
    redis.disconnect();
  }
});
