import { Redis } from 'ioredis';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore } from 'passport-visa';
import { brief, whole } from '../lib/format.mjs';
import { atMost } from '../lib/report.mjs';
import { startApp } from '../lib/running-app.mjs';
import { ACCESS_SECRET, REFRESH_SECRET, USER_AGENT } from '../lib/shared-settings.mjs';

/** @typedef {import('../lib/running-app.mjs').RunningApp} RunningApp */

const SESSIONS_A_USER = 3;
const PARALLEL_USERS = 25;

const OURS = 'passport-visa';
const OURS_LABEL = "passport-visa, `storeUserAgent: 'label'`";

/** @type {{ name: string, app: string, settings?: object, refreshPath?: string, usersAtMost?: number }[]} */
const plans = [
  { name: OURS, app: 'passport-visa', refreshPath: '/auth/refresh' },
  {
    name: OURS_LABEL,
    app: 'passport-visa',
    settings: { options: { storeUserAgent: 'label' } },
    refreshPath: '/auth/refresh',
  },
  { name: 'connect-redis, user id only', app: 'express-session' },
  {
    name: 'connect-redis, with address, user agent, time of login',
    app: 'express-session',
    settings: { storeDevice: true },
  },
  // Searches its users in memory one by one, so thousands of them would take minutes.
  { name: 'better-auth', app: 'better-auth', usersAtMost: 500 },
];

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureMemory({ redis, pace }) {
  const observer = new Redis(redis.url);
  /** @type {Map<string, Awaited<ReturnType<typeof weigh>>>} */
  const weights = new Map();
  for (const { name, app: file, settings, refreshPath, usersAtMost = Infinity } of plans) {
    if (name === OURS_LABEL && !knowsLabels()) continue;
    await observer.flushall('SYNC');
    const app = await startApp(file, { redisUrl: redis.url, ...settings });
    await app.logIn(0);
    await observer.flushall('SYNC');
    const before = await usedMemory(observer);
    const users = Math.min(pace.usersInMemory, usersAtMost);
    await fill(app, users, refreshPath);
    weights.set(name, await weigh(observer, before, users * SESSIONS_A_USER));
    await app.stop();
  }
  observer.disconnect();

  const bytesOf = (/** @type {string} */ name) => weights.get(name)?.bytes ?? NaN;
  return {
    title: 'Memory in Redis',
    intro: `${whole(pace.usersInMemory)} users with ${SESSIONS_A_USER} sessions each, created by logins over HTTP with a user agent of ${USER_AGENT.length} characters.`,
    tables: [
      {
        columns: ['variant', 'bytes a session', 'keys a session', 'growth of used_memory a session'],
        rows: [...weights].map(([name, { bytes, keys, growth }]) => [
          name,
          whole(bytes),
          brief(keys),
          whole(growth),
        ]),
      },
    ],
    targets: [
      atMost('Memory: bytes a session in Redis', 320, bytesOf(OURS), whole),
      atMost("Memory: the same with `storeUserAgent: 'label'`", 240, bytesOf(OURS_LABEL), whole),
    ],
    notes: [
      'Bytes are the sum of `MEMORY USAGE key SAMPLES 0` over all keys, including indexes, divided by the number of sessions. The growth of `used_memory` includes Redis’s own tables, which grow in steps.',
      'Each session of passport-visa was refreshed once after its login, as most sessions are.',
      'connect-redis stores what the app puts into `req.session`. With only the user id, there is nothing to show in a list of devices, and no index of a user’s sessions.',
      'better-auth has only 500 users here, which doesn’t change its keys. It stores a copy of the user in each session, and a list of sessions for each user. It reads the address from a header that these requests don’t have.',
      ...(knowsLabels()
        ? []
        : ['This version of passport-visa has no option `storeUserAgent`: its row is missing.']),
    ],
  };
}

/** Whether this version has the option `storeUserAgent`. */
function knowsLabels() {
  const options = {
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    storeUserAgent: 'label',
  };
  try {
    createAuth(options);
    return true;
  } catch (error) {
    if (error instanceof TypeError && error.message.includes('storeUserAgent')) return false;
    throw error;
  }
}

/**
 * @param {RunningApp} app
 * @param {number} users
 * @param {string | undefined} refreshPath
 */
async function fill(app, users, refreshPath) {
  let lastUser = 0;
  const fillUsers = async () => {
    while (lastUser < users) {
      lastUser += 1;
      const number = lastUser;
      for (let session = 0; session < SESSIONS_A_USER; session += 1) {
        const headers = await app.logIn(number);
        if (refreshPath) await refresh(`http://127.0.0.1:${app.port}${refreshPath}`, headers);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_USERS }, fillUsers));
}

/** @param {string} url @param {import('../lib/running-app.mjs').Headers} headers */
async function refresh(url, headers) {
  const response = await fetch(url, { method: 'POST', headers: { ...headers, 'user-agent': USER_AGENT } });
  if (!response.ok) throw new Error(`A refresh answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

/**
 * @param {Redis} observer
 * @param {number} usedBefore
 * @param {number} sessions
 */
async function weigh(observer, usedBefore, sessions) {
  const growth = (await usedMemory(observer)) - usedBefore;
  let cursor = '0';
  let keys = 0;
  let bytes = 0;
  do {
    const [next, found] = await observer.scan(cursor, 'COUNT', 1000);
    cursor = next;
    const sizes = await Promise.all(found.map((key) => observer.memory('USAGE', key, 'SAMPLES', 0)));
    keys += found.length;
    bytes += sizes.reduce((/** @type {number} */ sum, size) => sum + Number(size), 0);
  } while (cursor !== '0');
  return { bytes: bytes / sessions, keys: keys / sessions, growth: growth / sessions };
}

/** @param {Redis} observer */
async function usedMemory(observer) {
  return Number(/used_memory:(\d+)/.exec(await observer.info('memory'))?.[1]);
}
