import { once } from 'node:events';
import http from 'node:http';
import { brief } from '../lib/format.mjs';
import { atMost } from '../lib/report.mjs';
import { startApp } from '../lib/running-app.mjs';
import { median } from '../lib/statistics.mjs';

const WARM_UP = 100;
const PASSWORD = 'correct horse 9 battery';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** What anyone may ask with an address, and what a user may. */
const requests = [
  { path: '/register', body: { password: PASSWORD } },
  { path: '/email/verify/resend', body: {} },
  { path: '/password/forgot', body: {} },
  { path: '/login/link', body: {} },
  { path: '/login/code', body: {} },
  { path: '/email/change', body: {}, needsLogin: true },
];

/**
 * How well the time of an answer tells known from unknown addresses: the chance that an answer for a known address takes longer than one
 * for an unknown address. 0.5 tells nothing.
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureSameAnswers({ redis, postgres, pace }) {
  const settings = { redisUrl: redis.url, postgresUrl: postgres.url, users: pace.sameAnswers };
  const { port, logIn, stop } = await startApp('email-account', settings);
  const rows = [];
  let worst = 0;
  for (const { path, body, needsLogin } of requests) {
    // A login of its own, because an address is changed only soon after one.
    const login = needsLogin ? await logIn(0) : {};
    /** @type {Record<'known' | 'unknown', number[]>} */
    const times = { known: [], unknown: [] };
    for (const { kind, number } of inRandomOrder(pace.sameAnswers)) {
      const username = `${kind}-${Math.abs(number)}@example.com`;
      const time = await ask(port, path, { ...body, username }, login);
      if (number >= 0) times[kind].push(time);
    }
    const auc = rankAuc(times.known, times.unknown);
    worst = Math.max(worst, Math.abs(auc - 0.5));
    rows.push([path, brief(median(times.known)), brief(median(times.unknown)), auc.toFixed(3)]);
  }
  agent.destroy();
  await stop();
  return {
    title: 'Known and unknown addresses',
    intro: `Requests with addresses that have an account and with addresses that have none, ${pace.sameAnswers} each, in random order over one connection, with users in PostgreSQL, the rest in Redis, and a \`send\` of which half the calls take two seconds and half fail.`,
    tables: [{ columns: ['POST', 'known, ms', 'unknown, ms', 'rank AUC'], rows }],
    targets: [
      atMost('Known and unknown addresses: the rank AUC differs from 0.5 by', 0.05, worst, (value) =>
        value.toFixed(3),
      ),
    ],
    notes: [
      '_rank AUC_ is the chance that an answer for a known address takes longer than one for an unknown address: 0.5 tells nothing, 1 tells them apart.',
      'Passwords are hashed in microseconds here. With bcrypt, which takes the same time either way, a registration tells even less.',
    ],
  };
}

/**
 * First those to warm up, with numbers below 0. Then any order: the mail of a request is made while the next one runs, and that must
 * not be one of the other kind more often than not.
 * @param {number} count of each kind
 */
function inRandomOrder(count) {
  const of = (/** @type {number} */ from, /** @type {number} */ to) =>
    Array.from({ length: to - from }, (_, index) => from + index).flatMap((number) => [
      { kind: /** @type {const} */ ('known'), number, order: Math.random() },
      { kind: /** @type {const} */ ('unknown'), number, order: Math.random() },
    ]);
  return [...of(-WARM_UP, 0), ...of(0, count).sort((a, b) => a.order - b.order)];
}

/**
 * @param {number} port
 * @param {string} path
 * @param {object} body
 * @param {import('../lib/running-app.mjs').Headers} login
 * @returns {Promise<number>} milliseconds
 */
async function ask(port, path, body, login) {
  const text = JSON.stringify(body);
  const headers = {
    ...login,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  };
  const startedAt = performance.now();
  const request = http.request({
    port,
    host: '127.0.0.1',
    path: `/auth${path}`,
    method: 'POST',
    agent,
    headers,
  });
  request.end(text);
  const [response] = /** @type {[http.IncomingMessage]} */ (await once(request, 'response'));
  const time = performance.now() - startedAt;
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 202) throw new Error(`${path} answered ${response.statusCode}`);
  return time;
}

/** @param {number[]} ones @param {number[]} others */
function rankAuc(ones, others) {
  const sorted = [...others].sort((a, b) => a - b);
  let sum = 0;
  for (const one of ones) sum += countBelow(sorted, one) / sorted.length;
  return sum / ones.length;
}

/** @param {number[]} sorted @param {number} value */
function countBelow(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {number} */ (sorted[middle]) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
