import { Redis } from 'ioredis';
import { startChild } from '../lib/child.mjs';
import { coreCount, places } from '../lib/cores.mjs';
import { brief, percent, range } from '../lib/format.mjs';
import { atLeast, atMost } from '../lib/report.mjs';
import { startApp } from '../lib/running-app.mjs';
import { COST, PASSWORD } from '../lib/shared-settings.mjs';
import { median, percentile, spread } from '../lib/statistics.mjs';

/** @typedef {import('../lib/child.mjs').Child} Child */

const PARALLEL_LOGINS = 8;
/** Makes about a hundred requests per second. */
const PAUSE_MILLISECONDS = 10;
const WARM_UP_MILLISECONDS = 1500;
/** Logins in one count, and how many counts: now and then a process sends Redis something else. */
const [COUNTED, COUNTS] = [5, 5];
const RATE_MILLISECONDS = 1500;

const OURS = 'passport-visa';
const FACTORS = 'passport-visa, secondFactor and passkeys on';

const plans = [
  { name: OURS, app: 'passport-visa', settings: {} },
  { name: FACTORS, app: 'passport-visa', settings: { factors: true } },
  {
    name: 'tutorial, bcryptjs on the main thread',
    app: 'tutorial',
    settings: { keyObjects: true, hashing: 'bcryptjs' },
  },
  { name: 'tutorial, native bcrypt', app: 'tutorial', settings: { keyObjects: true, hashing: 'bcrypt' } },
];

/**
 * @typedef {object} Measured
 * @property {number[]} idle latencies of the steady client, in ms
 * @property {number[]} busy the same during logins
 * @property {number[]} perSecond logins, one value per round
 * @property {number[]} cpuMilliseconds of a login, one value per round
 */

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureLogin({ redis, postgres, load, pace }) {
  /** @type {Map<string, Measured>} */
  const results = new Map();
  /** @type {number[]} */
  const oneCore = [];
  const apps = [];
  for (const { name, app: file, settings } of plans) {
    const app = await startApp(file, { redisUrl: redis.url, ...settings }, places.everywhere);
    apps.push({ name, app });
    results.set(name, { idle: [], busy: [], perSecond: [], cpuMilliseconds: [] });
    await openTargets(load, name, app);
    await bothClients(load, name, WARM_UP_MILLISECONDS);
  }
  const rate = await startChild('./bcrypt-rate.mjs', { place: places.app });
  await rate.call('measure', RATE_MILLISECONDS);
  for (let round = 0; round < pace.loginRounds; round += 1) {
    const first = round % apps.length;
    for (const { name, app } of [...apps.slice(first), ...apps.slice(0, first)]) {
      const measured = /** @type {Measured} */ (results.get(name));
      if (name === OURS) oneCore.push(await rate.call('measure', RATE_MILLISECONDS));
      const { latencies } = await load.call('burst', {
        name: `${name}, steady`,
        milliseconds: pace.loginMilliseconds,
      });
      measured.idle.push(...latencies);
      const cpuBefore = await app.cpuMicroseconds();
      const { logins, steady } = await bothClients(load, name, pace.loginMilliseconds);
      measured.busy.push(...steady.latencies);
      measured.perSecond.push(logins.requests / logins.seconds);
      measured.cpuMilliseconds.push(((await app.cpuMicroseconds()) - cpuBefore) / 1000 / logins.requests);
    }
  }
  await rate.stop();
  for (const { app } of apps) await app.stop();
  const roundTrips = [];
  for (const factors of [false, true])
    roundTrips.push(await countRoundTrips({ redisUrl: redis.url, postgresUrl: postgres.url, factors }));
  return report(results, oneCore, roundTrips, pace);
}

/** @param {Child} load @param {string} name @param {import('../lib/running-app.mjs').RunningApp} app */
async function openTargets(load, name, app) {
  const users = [];
  for (let number = 1; number <= PARALLEL_LOGINS; number += 1) users.push(await app.logIn(number));
  const steady = { name: `${name}, steady`, port: app.port, method: 'GET', path: '/guarded', users };
  await load.call('open', { ...steady, connections: 1, pauseMilliseconds: PAUSE_MILLISECONDS });
  const bodies = users.map((_, index) =>
    JSON.stringify({ username: `user-${index + 1}`, password: PASSWORD }),
  );
  const logins = {
    name: `${name}, logins`,
    port: app.port,
    method: 'POST',
    path: '/auth/login',
    users: [{}],
    bodies,
  };
  await load.call('open', { ...logins, connections: PARALLEL_LOGINS });
}

/** @param {Child} load @param {string} name @param {number} milliseconds */
async function bothClients(load, name, milliseconds) {
  const [logins, steady] = await Promise.all([
    load.call('burst', { name: `${name}, logins`, milliseconds }),
    load.call('burst', { name: `${name}, steady`, milliseconds }),
  ]);
  return { logins, steady };
}

/**
 * @param {Map<string, Measured>} results
 * @param {number[]} oneCore
 * @param {RoundTrips[]} roundTrips without the features, and with them
 * @param {import('../run.mjs').Pace} pace
 * @returns {import('../lib/report.mjs').Part}
 */
function report(results, oneCore, roundTrips, pace) {
  const measuredOurs = /** @type {Measured} */ (results.get(OURS));
  const ours = latenciesOf(measuredOurs);
  const rate = median(oneCore);
  const shares = oneCore.map((one, round) => Number(measuredOurs.perSecond[round]) / (coreCount * one));
  const share = median(shares);
  return {
    title: 'Login',
    intro: `POST /auth/login with bcrypt at cost ${COST}: ${PARALLEL_LOGINS} clients log in again and again, ${pace.loginRounds} rounds of ${pace.loginMilliseconds / 1000} s. Meanwhile a steady client requests a guarded route, about 100 times a second. The app may use all ${coreCount} cores.`,
    tables: [
      {
        columns: [
          'variant',
          'logins/s',
          'spread',
          'CPU ms a login',
          'p50 idle, ms',
          'p99 idle',
          'p50 during logins',
          'p99 during logins',
        ],
        rows: [...results].map(([name, measured]) => {
          const { idle, busy } = latenciesOf(measured);
          return [
            name,
            brief(median(measured.perSecond)),
            range(spread(measured.perSecond), brief),
            brief(median(measured.cpuMilliseconds)),
            ...[idle.p50, idle.p99, busy.p50, busy.p99].map(brief),
          ];
        }),
      },
      {
        title: 'Round trips of a login to the stores',
        columns: ['variant', 'Redis', 'PostgreSQL'],
        rows: [OURS, FACTORS].map((name, at) => [
          name,
          brief(Number(roundTrips[at]?.redis)),
          brief(Number(roundTrips[at]?.postgres)),
        ]),
      },
    ],
    targets: [
      atMost(
        'Login: p99 of a guarded route during logins, divided by its idle p99',
        5,
        ours.busy.p99 / ours.idle.p99,
        brief,
      ),
      atLeast(
        `Login: logins per second, of ${coreCount} × one core’s bcryptjs rate (${brief(rate)}/s)`,
        0.9,
        share,
        percent,
      ),
    ],
    notes: [
      `A single core makes ${brief(rate)} comparisons a second with bcryptjs (${range(spread(oneCore), brief)}). This is measured just before each burst of passport-visa, and compared with it round by round.`,
      'The load generator and Redis run on the same cores as the app here, so the app never has the cores to itself. If the system allows it, the load generator has a higher priority, because a real client doesn’t wait for a core of the server.',
      `Cost ${COST} for all, the lowest that passport-visa allows, to keep the run short. The default of 12 takes four times as long. Users are in memory, sessions in Redis.`,
      'passport-visa runs with `limits: { username: false, address: false, logins: false }`. With limits, each login also counts its attempt in Redis.',
      `Round trips are counted with users in PostgreSQL, for a user who has no second factor: Redis counts the reads from its clients, the app its queries. The figures are the lowest of ${COUNTS} counts of ${COUNTED} logins.`,
      'bcryptjs computes in slices on the main thread, and every request waits for them. Native bcrypt computes in libuv’s pool of four threads, but must be compiled or downloaded for each platform.',
      'The tutorial uses KeyObjects here, so only the hashing makes the difference.',
    ],
  };
}

/** @typedef {{ redis: number, postgres: number }} RoundTrips a login */

/**
 * @param {{ redisUrl: string, postgresUrl: string, factors: boolean }} settings
 * @returns {Promise<RoundTrips>}
 */
async function countRoundTrips(settings) {
  const app = await startApp('passport-visa', settings);
  const observer = new Redis(settings.redisUrl);
  const url = `http://127.0.0.1:${app.port}`;
  const logIn = async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ username: 'user-1', password: PASSWORD });
    const response = await fetch(`${url}/auth/login`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`A login answered ${response.status}: ${await response.text()}`);
  };
  const counted = async () => ({
    redis: Number(/total_reads_processed:(\d+)/.exec(await observer.info('stats'))?.[1]),
    postgres: Number(await (await fetch(`${url}/queries`)).json()),
  });
  await app.logIn(1);
  await logIn();
  const fewest = { redis: Infinity, postgres: Infinity };
  for (let count = 0; count < COUNTS; count += 1) {
    const before = await counted();
    for (let login = 0; login < COUNTED; login += 1) await logIn();
    const after = await counted();
    // One of them is the query of the count itself.
    fewest.redis = Math.min(fewest.redis, after.redis - before.redis - 1);
    fewest.postgres = Math.min(fewest.postgres, after.postgres - before.postgres);
  }
  observer.disconnect();
  await app.stop();
  return { redis: fewest.redis / COUNTED, postgres: fewest.postgres / COUNTED };
}

/** @param {Measured} measured */
function latenciesOf({ idle, busy }) {
  return { idle: percentiles(idle), busy: percentiles(busy) };
}

/** @param {number[]} latencies */
function percentiles(latencies) {
  const sorted = [...latencies].sort((a, b) => a - b);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
