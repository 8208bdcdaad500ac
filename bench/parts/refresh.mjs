import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percent, twoDigits } from '../lib/format.mjs';
import { atLeast, atMost, costColumns, costRow } from '../lib/report.mjs';
import { startApp } from '../lib/running-app.mjs';
import { ceilingOf, compareRounds, measureSideBySide, summarize } from '../lib/side-by-side.mjs';

/** @typedef {import('../lib/side-by-side.mjs').Variant} Variant */

const CONNECTIONS = 32;

const BARE = 'bare Express, no Redis (the ceiling)';
const HAND = 'hand-written: verify, rotate, sign two, two cookies';
const OURS = 'passport-visa';
const NODE_REDIS = 'passport-visa over node-redis';
const sqliteRow = (/** @type {string} */ synchronous) =>
  `passport-visa on SQLite, synchronous ${synchronous}`;

/** Node has SQLite from 22.13 on. */
const folder = process.getBuiltinModule?.('node:sqlite')
  ? mkdtempSync(join(tmpdir(), 'passport-visa-bench-'))
  : undefined;
process.once('exit', () => folder && rmSync(folder, { recursive: true }));

/** @type {{ name: string, app: string, path?: string, settings?: object, users?: 'in PostgreSQL' }[]} */
const plans = [
  { name: BARE, app: 'bare' },
  { name: 'one script that does nothing', app: 'redis-script' },
  { name: HAND, app: 'hand-written' },
  { name: OURS, app: 'passport-visa', path: '/auth/refresh' },
  { name: NODE_REDIS, app: 'passport-visa', path: '/auth/refresh', settings: { client: 'node-redis' } },
  ...(folder ? ['NORMAL', 'FULL'] : []).map((synchronous) => ({
    name: sqliteRow(synchronous),
    app: 'passport-visa',
    path: '/auth/refresh',
    settings: { sqlite: { file: join(folder ?? '', `${synchronous}.db`), synchronous } },
  })),
  {
    name: 'passport-visa, users in PostgreSQL',
    app: 'passport-visa',
    path: '/auth/refresh',
    users: 'in PostgreSQL',
  },
  { name: 'tutorial on Redis, string secrets', app: 'tutorial' },
  { name: 'the same with KeyObjects', app: 'tutorial', settings: { keyObjects: true } },
  { name: 'express-session rolling, connect-redis', app: 'express-session', settings: { rolling: true } },
];

/** From `node --cpu-prof`, of November 2026: requests made inside the process, without network and Redis. Not measured again. */
const whereTimeGoes = {
  title: 'Where the time of a refresh goes, by a profile without network and Redis',
  columns: ['part', 'share'],
  rows: [
    ['Node: HTTP, streams, HMAC', '50 %'],
    ['Express', '15 %'],
    ['garbage collection', '4 %'],
    ['passport-visa: one token verified, two signed', '7 %'],
    ['passport-visa: the shortcut to the endpoint, its chain, the body', '5 %'],
    ['passport-visa: cookies, language and answer', '5 %'],
    ['passport-visa: command to Redis, its time limit, reading back the session', '4 %'],
    ['passport-visa: session, user and the length of the token', '4 %'],
    ['passport-visa: cross-site check, idempotency key, where the request comes from', '3 %'],
    ['the profiled program itself, and other packages', '3 %'],
  ],
};

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureRefresh({ redis, postgres, load, pace }) {
  /** @type {Variant[]} */
  const variants = [];
  let roundTrips = NaN;
  // No two variants share a user, because some use the same key names.
  let lastUser = 0;
  for (const { name, app: file, path = '/refresh', settings, users: place } of plans) {
    const postgresUrl = place === 'in PostgreSQL' ? postgres.url : undefined;
    const app = await startApp(file, { redisUrl: redis.url, postgresUrl, ...settings });
    variants.push({ name, app });
    const withoutSessions = file === 'bare' || file === 'redis-script';
    const users = [];
    for (let count = 0; count < CONNECTIONS; count += 1) {
      lastUser += 1;
      users.push(withoutSessions ? {} : await app.logIn(lastUser));
    }
    const target = { name, port: app.port, users, rotating: true, connections: CONNECTIONS };
    await load.call('open', { ...target, method: 'POST', path });
    if (name === OURS)
      roundTrips = await countRoundTrips(
        redis.url,
        `http://127.0.0.1:${app.port}${path}`,
        await app.logIn(0),
      );
  }
  const [bare, ...others] = /** @type {[Variant, ...Variant[]]} */ (variants);
  const samples = await measureSideBySide(load, bare, others, pace, [HAND, OURS, NODE_REDIS]);
  for (const { name, app } of variants) {
    await load.call('close', name);
    await app.stop();
  }

  const speed = compareRounds(samples, OURS, HAND, (ours, hand) => ours.perSecond / hand.perSecond);
  const cpu = compareRounds(samples, OURS, HAND, (ours, hand) => hand.cpu / ours.cpu);
  const nodeRedis = compareRounds(samples, NODE_REDIS, OURS, (its, ours) => its.perSecond / ours.perSecond);
  const nodeRedisCpu = compareRounds(samples, NODE_REDIS, OURS, (its, ours) => ours.cpu / its.cpu);
  return {
    title: 'Refresh',
    intro: `POST to the route that exchanges a refresh token, with sessions in Redis. ${CONNECTIONS} connections, each with its own session, always send the newest token; ${pace.rounds} rounds of ${pace.burstMilliseconds} ms a variant.`,
    tables: [
      {
        columns: costColumns,
        rows: [
          costRow(BARE, summarize(ceilingOf(samples))),
          ...others.map(({ name }) => costRow(name, summarize(samples.get(name) ?? []))),
        ],
      },
      {
        title: 'passport-visa compared with hand-written code, in the same rounds',
        columns: ['', 'share', 'quartiles'],
        rows: [
          ['requests per second', percent(speed.median), `${percent(speed.low)} – ${percent(speed.high)}`],
          [
            'CPU of hand-written code divided by ours',
            percent(cpu.median),
            `${percent(cpu.low)} – ${percent(cpu.high)}`,
          ],
        ],
      },
      {
        title: 'node-redis compared with ioredis, in the same rounds',
        columns: ['', 'share', 'quartiles'],
        rows: [
          [
            'requests per second',
            percent(nodeRedis.median),
            `${percent(nodeRedis.low)} – ${percent(nodeRedis.high)}`,
          ],
          [
            'CPU with ioredis divided by that with node-redis',
            percent(nodeRedisCpu.median),
            `${percent(nodeRedisCpu.low)} – ${percent(nodeRedisCpu.high)}`,
          ],
        ],
      },
      whereTimeGoes,
    ],
    targets: [
      atMost('Refresh: round trips to Redis', 1, roundTrips, twoDigits),
      atLeast('Refresh: requests per second, compared with hand-written code', 0.85, speed.median, percent),
      atLeast(
        'Refresh: requests per second over node-redis, compared with ioredis',
        0.95,
        nodeRedis.median,
        percent,
      ),
    ],
    notes: [
      'On Node 22.13 and newer there are two rows with sessions in a file of SQLite, by node:sqlite: the process does the work of the server, too. With `synchronous = FULL` each refresh waits for the disk.',
      'passport-visa and the hand-written code read the user at each refresh, so a deleted or disabled user gets no new tokens. Users are in memory here, because the other rows read none; the row with PostgreSQL includes that query.',
      'The hand-written code is one Express handler with node:crypto and ioredis. It verifies one HMAC, reads the user, runs a rotation script that does the same to the same kind of record, signs two tokens and sets two cookies. ioredis gives each command a second. It does nothing else: it checks no body, no origin and no claims, tells no languages apart, reads no refresh token from a body, doesn’t keep where rotations come from, and has no events.',
      'The tutorial reads the user’s refresh token, compares it and writes the next one. That takes two round trips. Two parallel requests can both succeed, and a stolen token goes unnoticed. Tokens signed within the same second are identical.',
      'What passport-visa does beyond the hand-written code is spread thinly: without the checks of origin, body, cookies and token form, the choice of a language, the time limit, the hash of where a refresh comes from and the reading back of the session, a refresh in that profile takes 20 % less CPU time, and the hand-written code takes 23 % less. The hash takes 3 %, of which Node’s HMAC is in the table’s first row.',
      'express-session signs nothing: it reads the session, extends it and sends the same cookie again. That is less work than a rotation, but the token never changes.',
      `Round trips are counted by Redis, as reads from its clients, while one client refreshes ${COUNTED} times in a row. The figure is the lowest of ${COUNTS} such counts.`,
    ],
  };
}

const COUNTED = 100;
const COUNTS = 5;

/**
 * The lowest of several counts: now and then a process may send Redis something else.
 *
 * @param {string} redisUrl
 * @param {string} url
 * @param {import('../lib/running-app.mjs').Headers} headers
 */
async function countRoundTrips(redisUrl, url, { cookie = '' }) {
  const observer = new Redis(redisUrl);
  const reads = async () => Number(/total_reads_processed:(\d+)/.exec(await observer.info('stats'))?.[1]);
  let fewest = Infinity;
  for (let count = 0; count < COUNTS; count += 1) {
    const before = await reads();
    for (let refresh = 0; refresh < COUNTED; refresh += 1) cookie = await refreshOnce(url, cookie);
    // One of them is this query itself.
    fewest = Math.min(fewest, (await reads()) - before - 1);
  }
  observer.disconnect();
  return fewest / COUNTED;
}

/** @param {string} url @param {string} cookie @returns {Promise<string>} the next cookies */
async function refreshOnce(url, cookie) {
  const response = await fetch(url, { method: 'POST', headers: { cookie } });
  if (!response.ok) throw new Error(`A refresh answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  const pairs = response.headers.getSetCookie().map((line) => line.split(';')[0]);
  return pairs.join('; ');
}
