import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../lib/child.mjs';
import { places } from '../lib/cores.mjs';
import { brief, whole } from '../lib/format.mjs';
import { atMost } from '../lib/report.mjs';
import { percentile } from '../lib/statistics.mjs';

/** @typedef {{ userId: string, sessionId: string, token: string }} Login */

const APP = '../../soak/socket-app.mjs';
const CLIENTS = '../../soak/socket-clients.mjs';
const CLOSE_TIMEOUT_MS = 60_000;
const LOGGED_OUT = 4401;

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureSockets({ redis, pace }) {
  const { sockets, signOuts, sessionsOfUser } = pace;
  const { one, ofUser, all } = await measureSignOuts(redis.url, pace);
  const bareCloses = await measureBareCloses(redis.url, sessionsOfUser);
  const [bare, guarded] = [
    await bytesOfASocket(redis.url, sockets, false),
    await bytesOfASocket(redis.url, sockets, true),
  ];
  const row = (/** @type {string} */ name, /** @type {number[]} */ times) => [
    name,
    whole(times.length),
    ...[0.5, 0.99, 1].map((share) => brief(percentile(times, share))),
  ];
  return {
    title: 'Sockets',
    intro: `${whole(sockets)} open WebSockets of as many sessions, over two processes that share Redis: from the call that ends a session in one of them until its client has got the close 4401.`,
    tables: [
      {
        columns: ['sign-out', 'sockets', 'p50, ms', 'p99, ms', 'longest, ms'],
        rows: [
          row(`one session at a time, of ${whole(signOuts)}`, one),
          row('all sessions of a user at once', ofUser),
          row('to compare: as many, closed by ws without a session', bareCloses),
          row('all that are left, of another user, at once', all),
        ],
      },
      {
        columns: ['heap', 'bytes a socket'],
        rows: [
          ['ws, the app keeps the user', whole(bare)],
          ['the same, guarded by `auth.upgrade`', whole(guarded)],
          ['difference', whole(guarded - bare)],
        ],
      },
    ],
    targets: [
      atMost('Sockets: p99 from sign-out to close, ms', 1000, percentile(one, 0.99), brief),
      atMost(
        'Sockets: all of a user at once, p99 from sign-out to close, ms',
        1000,
        percentile(ofUser, 0.99),
        brief,
      ),
      atMost('Sockets: bytes of heap a socket beyond bare ws', 300, guarded - bare, whole),
    ],
    notes: [
      'Half of the sign-outs happen in the process that has the socket, half in the other one.',
      'The clients run on the core of the load generator, and both processes share the other one. Where many are signed out at once, the times are mostly those of ws and of the clients: each close is a frame and an end of the connection on either side.',
      'Heap is measured after garbage collection, before and after all sockets connect. It doesn’t count what lies outside the heap, such as the buffers of TCP.',
    ],
  };
}

/**
 * @param {string} redisUrl
 * @param {import('../run.mjs').Pace} pace
 * @returns {Promise<{ one: number[], ofUser: number[], all: number[] }>}
 */
async function measureSignOuts(redisUrl, { sockets, signOuts, sessionsOfUser }) {
  const { first, second, clients, stop } = await startTwoApps({ redisUrl });
  const logins = await logIn(first, sockets - sessionsOfUser, 'ann');
  const others = await logIn(first, sessionsOfUser, 'bob');
  await connectAll(
    clients,
    [...logins, ...others].map((login, index) => ({
      ...login,
      port: (index % 2 === 0 ? first : second).ready,
    })),
  );
  const one = [];
  for (const [index, session] of logins.slice(0, signOuts).entries()) {
    const at = await (index % 4 < 2 ? first : second).call('signOut', session);
    one.push(...(await closesOf(clients, at, 1)));
  }
  const atOnce = async (/** @type {Login[]} */ [login], /** @type {number} */ count) =>
    closesOf(clients, await first.call('signOutEveryDevice', login?.userId), count);
  const ofUser = await atOnce(others, others.length);
  const all = await atOnce(logins, logins.length - signOuts);
  await stop();
  return { one: one.sort(ascending), ofUser: ofUser.sort(ascending), all: all.sort(ascending) };
}

/** @param {string} redisUrl @param {number} count */
async function measureBareCloses(redisUrl, count) {
  const { first, second, clients, stop } = await startTwoApps({ redisUrl, isGuarded: false });
  const logins = await logIn(first, count, 'ann');
  await connectAll(
    clients,
    logins.map((login, index) => ({ ...login, port: (index % 2 === 0 ? first : second).ready })),
  );
  const [at] = await Promise.all([first.call('closeAll'), second.call('closeAll')]);
  const times = await closesOf(clients, at, count);
  await stop();
  return times.sort(ascending);
}

/** @param {object} settings */
async function startTwoApps(settings) {
  const first = await startChild(APP, { place: places.app, settings });
  const second = await startChild(APP, { place: places.app, settings });
  const clients = await startChild(CLIENTS, { place: places.load });
  const stop = async () => {
    for (const child of [clients, first, second]) await child.stop();
  };
  return { first, second, clients, stop };
}

/** How long each close took. @param {import('../lib/child.mjs').Child} clients @param {number} at @param {number} count */
async function closesOf(clients, at, count) {
  /** @type {number[]} */
  const times = [];
  const deadline = performance.now() + CLOSE_TIMEOUT_MS;
  while (times.length < count) {
    if (performance.now() > deadline) throw new Error(`${count - times.length} sockets stayed open`);
    for (const [, [closedAt, code]] of await clients.call('takeEnds')) {
      if (code !== LOGGED_OUT) throw new Error(`A socket closed with ${code}`);
      times.push(closedAt - at);
    }
    // Each question takes the clients time. One close is waited for closely.
    await sleep(count === 1 ? 1 : 50);
  }
  return times;
}

/** @param {string} redisUrl @param {number} sockets @param {boolean} isGuarded */
async function bytesOfASocket(redisUrl, sockets, isGuarded) {
  const app = await startChild(APP, { place: places.app, settings: { redisUrl, isGuarded } });
  const clients = await startChild(CLIENTS, { place: places.load });
  const logins = await logIn(app, sockets, 'ann');
  const plans = logins.map((login) => ({ ...login, port: app.ready }));
  // What the first connections load and keep is not theirs.
  await connectAll(clients, plans.slice(0, 100));
  const before = await app.call('memory');
  await connectAll(clients, plans.slice(100));
  const after = await app.call('memory');
  await clients.stop();
  await app.stop();
  return (after.heap - before.heap) / (after.open - before.open);
}

/**
 * A call must answer in time, so it is asked for a part of them.
 * @param {import('../lib/child.mjs').Child} app @param {number} count @param {string} username
 */
async function logIn(app, count, username) {
  /** @type {Login[]} */
  const logins = [];
  while (logins.length < count)
    logins.push(...(await app.call('logIn', { count: Math.min(1000, count - logins.length), username })));
  return logins;
}

/** @param {import('../lib/child.mjs').Child} clients @param {object[]} plans */
async function connectAll(clients, plans) {
  for (let at = 0; at < plans.length; at += 1000) await clients.call('open', plans.slice(at, at + 1000));
}

const ascending = (/** @type {number} */ a, /** @type {number} */ b) => a - b;
