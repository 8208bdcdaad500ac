import { existsSync, readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { PostgresRefreshTokenStore, RedisRefreshTokenStore } from 'passport-visa';
import pg from 'pg';
import { whole } from '../lib/format.mjs';
import { REFRESH_SECONDS, USER_AGENT } from '../lib/shared-settings.mjs';
import { median } from '../lib/statistics.mjs';

/** @typedef {import('passport-visa').RefreshTokenStore} Store */

const SIZES_OF_A_USER = [1, 10, 100, 1000];
const SESSIONS_A_USER = 3;
const LOGOUTS = 40;
/** Filling a store stops after this time: if logins get slower as it grows, it would never end. */
const FILL_LIMIT_MS = 75_000;
const MONTH_SECONDS = 30 * 24 * 60 * 60;

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureGrowth({ redis, postgres, pace }) {
  const client = new Redis(redis.url);
  const pool = new pg.Pool({ connectionString: postgres.url });
  const postgresStore = new PostgresRefreshTokenStore(pool);
  await postgresStore.migrate();
  const redisBackend = {
    name: 'Redis',
    store: new RedisRefreshTokenStore(client),
    parallel: 200,
    serverCpu: await redisCpu(client),
  };
  const postgresBackend = { name: 'PostgreSQL', store: postgresStore, parallel: 20 };
  const { growthOperations: operations } = pace;
  const tables = [
    await growUser(redisBackend, operations),
    await growUser(postgresBackend, operations),
    await growStore(redisBackend, pace.redisSizes, operations),
    await growStore(postgresBackend, pace.postgresSizes, operations),
  ];
  client.disconnect();
  await pool.end();

  return {
    title: 'Growth',
    intro:
      'How long one operation of a store takes, with one operation at a time: the median in microseconds, from the call to the reply. In brackets: the CPU time of the app and, for Redis, that of the server.',
    tables,
    notes: [
      '_login_ is `store.create`, without hashing the password. _refresh_ is `store.rotate`; _list_ and _logout-all_ are `store.list` and `store.revokeAll`.',
      '_list_ and _logout-all_ return or end all sessions of the user, so they take longer the more sessions there are. Nothing else should take longer.',
      `In the tables _Sessions in the store_ each user has ${SESSIONS_A_USER} sessions, and each operation picks a random user.`,
      'connect-redis can neither list nor end the sessions of a user: an app would have to read every session in the store, or keep its own index.',
      'A single client waits for each reply. So most of the measured time is spent waiting: for the network, and for the other process.',
    ],
  };
}

/**
 * @typedef {object} Backend
 * @property {string} name
 * @property {Store} store
 * @property {number} parallel writes while the store is filled
 * @property {() => number} [serverCpu] microseconds used so far
 */

/** Measures one user with 1 to 1,000 sessions. @param {Backend} backend @param {number} operations */
async function growUser(backend, operations) {
  const { store, parallel } = backend;
  const rows = [];
  for (const size of SIZES_OF_A_USER) {
    const userId = userIdOf(-size);
    const sessionIds = Array.from({ length: size }, (_, index) => sessionIdOf(index));
    const fillUser = () =>
      inParallel(size, parallel, (index) => store.create(newSession(userId, String(sessionIds[index]))));
    await fillUser();
    const some = Math.max(LOGOUTS, Math.round(operations / Math.max(1, size / 10)));
    const list = await time(backend, some, () => store.list(userId));
    const refresh = await timeRefresh(backend, operations, (turn) => [
      userId,
      String(sessionIds[turn % size]),
    ]);
    const login = await timeLogin(backend, operations, () => userId);
    const logoutAll = await time(backend, LOGOUTS, () => store.revokeAll(userId), fillUser);
    await store.revokeAll(userId);
    rows.push([whole(size), list, logoutAll, login, refresh]);
  }
  const columns = ['sessions of the user', 'list', 'logout-all', 'login', 'refresh'];
  return { title: `Sessions of one user, ${backend.name}`, columns, rows };
}

/**
 * Measures one user's operations while the whole store grows. They should not get slower.
 *
 * @param {Backend} backend
 * @param {number[]} sizes
 * @param {number} operations
 */
async function growStore(backend, sizes, operations) {
  const { store, parallel } = backend;
  const rows = [];
  let filled = 0;
  for (const size of sizes) {
    const start = filled;
    const limit = performance.now() + FILL_LIMIT_MS;
    await inParallel(size - start, parallel, async (index) => {
      if (performance.now() > limit) return;
      await store.create(sessionAt(start + index));
      filled += 1;
    });
    if (filled < size) {
      const stopped = `given up after ${whole(FILL_LIMIT_MS / 1000)} s, at ${whole(filled)}`;
      rows.push([whole(size), stopped, '', '', '']);
      break;
    }
    const users = Math.floor(size / SESSIONS_A_USER);
    const randomUser = () => Math.floor(Math.random() * users);
    const list = await time(backend, operations, () => store.list(userIdOf(randomUser())));
    const refresh = await timeRefresh(backend, operations, () => {
      const user = randomUser();
      return [userIdOf(user), sessionIdOf(user * SESSIONS_A_USER)];
    });
    const login = await timeLogin(backend, operations, () => userIdOf(randomUser()));
    let user = randomUser();
    const logoutAll = await time(
      backend,
      LOGOUTS,
      () => store.revokeAll(userIdOf(user)),
      async () => {
        await inParallel(SESSIONS_A_USER, parallel, (index) =>
          store.create(sessionAt(user * SESSIONS_A_USER + index)),
        );
        user = randomUser();
      },
    );
    rows.push([whole(size), list, logoutAll, login, refresh]);
  }
  const columns = ['sessions in the store', 'list', 'logout-all', 'login', 'refresh'];
  return { title: `Sessions in the store, ${backend.name}`, columns, rows };
}

/** @param {Backend} backend @param {number} count @param {() => string} userOf */
function timeLogin(backend, count, userOf) {
  const { store } = backend;
  let session = newSession(userOf(), 'a'.repeat(22));
  return time(
    backend,
    count,
    () => store.create(session),
    async () => {
      await store.revoke(session.userId, session.sessionId);
      session = newSession(userOf(), session.sessionId);
    },
  );
}

/** Any generation above the stored one rotates, so one growing number serves all sessions. */
let generation = 0;

/** @param {Backend} backend @param {number} count @param {(turn: number) => [string, string]} sessionOf */
function timeRefresh({ store, ...backend }, count, sessionOf) {
  const lifetimes = {
    expiresInSeconds: REFRESH_SECONDS,
    maxLifetimeSeconds: MONTH_SECONDS,
    reuseWindowSeconds: 30,
  };
  return time({ store, ...backend }, count, async (turn) => {
    const [userId, sessionId] = sessionOf(turn);
    generation += 1;
    const { outcome } = await store.rotate({ userId, sessionId, generation, ...lifetimes });
    if (outcome !== 'rotated') throw new Error(`A rotation ended in ${outcome}`);
  });
}

/**
 * @param {Backend} backend
 * @param {number} count
 * @param {(turn: number) => Promise<unknown>} operation
 * @param {() => Promise<unknown>} [restore] restores the data after each operation; not timed
 * @returns {Promise<string>}
 */
async function time({ serverCpu }, count, operation, restore) {
  const durations = [];
  const ownCpu = [];
  const otherCpu = [];
  for (let turn = 0; turn < count; turn += 1) {
    const serverBefore = serverCpu?.() ?? 0;
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    await operation(turn);
    durations.push((performance.now() - startedAt) * 1000);
    const { user, system } = process.cpuUsage(cpuBefore);
    ownCpu.push(user + system);
    otherCpu.push((serverCpu?.() ?? 0) - serverBefore);
    await restore?.();
  }
  const cpu = [median(ownCpu), ...(serverCpu ? [median(otherCpu)] : [])];
  return `${whole(median(durations))} (${cpu.map(whole).join(' + ')})`;
}

/**
 * Asks the operating system, because a query to Redis would use CPU time of Redis.
 *
 * @param {Redis} client
 * @returns {Promise<(() => number) | undefined>} microseconds of CPU that the server has used so far
 */
async function redisCpu(client) {
  const pid = /process_id:(\d+)/.exec(await client.info('server'))?.[1];
  const path = `/proc/${pid}/schedstat`;
  if (!existsSync(path)) return undefined;
  return () => Number(readFileSync(path, 'utf8').split(' ')[0]) / 1000;
}

/** @param {number} count @param {number} parallel @param {(index: number) => Promise<unknown>} write */
async function inParallel(count, parallel, write) {
  let next = 0;
  const writeOn = async () => {
    while (next < count) {
      next += 1;
      await write(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, writeOn));
}

/** @param {number} index of the session in the store */
function sessionAt(index) {
  return newSession(userIdOf(Math.floor(index / SESSIONS_A_USER)), sessionIdOf(index));
}

/** @param {string} userId @param {string} sessionId */
function newSession(userId, sessionId) {
  const createdAt = new Date();
  return {
    userId,
    sessionId,
    createdAt,
    authTime: createdAt,
    expiresAt: new Date(createdAt.getTime() + REFRESH_SECONDS * 1000),
    remember: false,
    ip: '203.0.113.7',
    userAgent: USER_AGENT,
  };
}

/** As long as a UUID. @param {number} number */
function userIdOf(number) {
  return `user-${String(number).padStart(31, '0')}`;
}

/** As long as 128 bits in base64url. @param {number} number */
function sessionIdOf(number) {
  return String(number).padStart(22, '0');
}
