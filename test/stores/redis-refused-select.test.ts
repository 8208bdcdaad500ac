import type { Redis } from 'ioredis';
import { RedisRefreshTokenStore, type RevocationFeed } from '../../src';
import { createTestApp } from '../helpers/apps/app';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { eventually } from '../helpers/eventually';
import { newSession } from './samples';

const HOME = 2;
const username = `app-${randomPrefix().replaceAll(/[^a-z0-9]/gi, '')}`;
const password = 'a password of this test';
let admin: Redis;
const clients: Redis[] = [];
const feeds: RevocationFeed[] = [];

beforeEach(async () => {
  admin = connectRedis();
  await admin.call('ACL', 'SETUSER', username, 'on', `>${password}`, '~*', '&*', '+@all');
});
afterEach(async () => {
  for (const feed of feeds.splice(0)) feed.close();
  for (const client of clients.splice(0)) client.disconnect();
  await admin.call('ACL', 'DELUSER', username);
  admin.disconnect();
});

function follow(keyPrefix: string) {
  const client = connectRedis({ db: HOME, username, password });
  clients.push(client);
  const store = new RedisRefreshTokenStore(client, { keyPrefix });
  const received: string[] = [];
  const state = { isCurrent: false, lost: '' };
  feeds.push(
    store.followRevocations({
      keepForSeconds: 60,
      onRevoked: ({ sessionIds }) => void received.push(...sessionIds),
      onCurrent: () => void Object.assign(state, { isCurrent: true }),
      onLost: (error) => void Object.assign(state, { isCurrent: false, lost: (error as Error).message }),
    }),
  );
  return { client, store, received, state };
}

/** Ends the connection that waits for news, as a network fault does. */
async function killReaders(): Promise<void> {
  for (const line of String(await admin.client('LIST')).split('\n'))
    if (line.includes(`user=${username} `) && line.includes('cmd=xread'))
      await admin.client('KILL', 'ID', /\bid=(\d+)/.exec(line)?.[1] as string);
}

/** A reader that follows, and a session to end. */
async function followWithSession() {
  const following = follow(randomPrefix());
  const session = newSession('ann', 'one');
  await following.store.create(session);
  await eventually(
    'the reader follows',
    now(() => following.state.isCurrent),
  );
  return { ...following, session };
}

/** An app whose sessions are in HOME, and why its requests got 503. */
function startApp() {
  const redis = connectRedis({ db: HOME, username, password });
  clients.push(redis);
  const refreshTokens = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const app = createTestApp({ refreshTokens, revocation: 'expiry' });
  const outages: unknown[] = [];
  app.auth.events.on('unavailable', ({ error }) => outages.push((error.cause as Error).message));
  return { ...app, redis, outages };
}

async function reconnect(redis: Redis): Promise<void> {
  const isReady = new Promise((resolve) => redis.once('ready', resolve));
  redis.disconnect(true);
  await isReady;
}

const now = (is: () => boolean) => () => Promise.resolve(is());

test('a reader whose new connection may not go to the database of the sessions is an outage, until it may again', async () => {
  const { store, session, received, state } = await followWithSession();
  await admin.call('ACL', 'SETUSER', username, '-select');
  await eventually('the reader is lost', async () => {
    await killReaders();
    return state.lost.includes('+select');
  });
  expect(state.isCurrent).toBe(false);
  expect(await store.revoke(session.userId, session.sessionId)).toBe(true);
  expect(received).toEqual([]);
  await admin.call('ACL', 'SETUSER', username, '+select');
  await eventually(
    'the revocation arrives',
    now(() => received.length > 0),
  );
  expect([received, state.isCurrent]).toEqual([[session.sessionId], true]);
});

test('where Redis never allows SELECT, all is in database 0, and a revocation arrives there', async () => {
  await admin.call('ACL', 'SETUSER', username, '-select');
  const { store, session, received } = await followWithSession();
  expect(await store.revoke(session.userId, session.sessionId)).toBe(true);
  await eventually(
    'the revocation arrives',
    now(() => received.length > 0),
  );
  expect(received).toEqual([session.sessionId]);
});

test("a refresh gets 503 if the app's client reconnects and may not go back to its database, until it may again", async () => {
  const { redis, outages, register, loggedIn } = startApp();
  await register('ann');
  const browser = await loggedIn('ann');
  await admin.call('ACL', 'SETUSER', username, '-select');
  await browser.post('/auth/refresh').expect(200); // the connection is there still
  await reconnect(redis);
  await browser.post('/auth/refresh').expect(503);
  await browser.post('/auth/logout').expect(503);
  expect(outages).toEqual(
    Array(2).fill(expect.stringMatching(/^Redis refuses SELECT.* database 2, .*\+select$/)),
  );
  await admin.call('ACL', 'SETUSER', username, '+select');
  await browser.post('/auth/refresh').expect(200);
});

test('where Redis never allows SELECT, a session goes on after a reconnect', async () => {
  await admin.call('ACL', 'SETUSER', username, '-select');
  const { redis, outages, register, loggedIn } = startApp();
  await register('ann');
  const browser = await loggedIn('ann');
  await reconnect(redis);
  await browser.post('/auth/refresh').expect(200);
  expect(outages).toEqual([]);
});
