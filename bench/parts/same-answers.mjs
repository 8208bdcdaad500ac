import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { Redis } from 'ioredis';
import { createAuth, emailAccount, PostgresUserStore, RedisRefreshTokenStore } from 'passport-visa';
import pg from 'pg';
import { brief } from '../lib/format.mjs';
import { atMost } from '../lib/report.mjs';
import { ACCESS_SECRET, REFRESH_SECRET } from '../lib/shared-settings.mjs';
import { median } from '../lib/statistics.mjs';

const WARM_UP = 100;
const PASSWORD = 'correct horse 9 battery';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** Bcrypt would hide what it is to show. */
const quickHasher = {
  name: 'quick',
  /** @param {string} password */
  hash: (password) => {
    const salt = randomBytes(12).toString('base64url');
    return Promise.resolve(`quick$${salt}$${digest(salt, password)}`);
  },
  /** @param {string} password @param {string} stored */
  verify: (password, stored) => {
    const [, salt = '', expected] = stored.split('$');
    return Promise.resolve(digest(salt, password) === expected);
  },
};

/** @param {string} salt @param {string} password */
const digest = (salt, password) =>
  createHash('sha256')
    .update(salt + password)
    .digest('base64url');

/** What anyone may ask with an address. */
const requests = [
  { path: '/register', body: { password: PASSWORD } },
  { path: '/email/verify/resend', body: {} },
  { path: '/password/forgot', body: {} },
  { path: '/login/link', body: {} },
  { path: '/login/code', body: {} },
];

/**
 * How well the time of an answer tells known from unknown addresses: the chance that an answer for a known address takes longer than one
 * for an unknown address. 0.5 tells nothing.
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureSameAnswers({ redis, postgres, pace }) {
  const pool = new pg.Pool({ connectionString: postgres.url });
  const client = new Redis(redis.url);
  const users = new PostgresUserStore(pool);
  await users.migrate();
  let mails = 0;
  const account = emailAccount({
    // Half of the mails take two seconds, and half fail.
    send: async () => {
      mails += 1;
      if (mails % 2 === 0) throw new Error('The mail server refuses');
      await sleep(2000, undefined, { ref: false });
    },
    baseUrl: 'https://app.example.com',
    limits: { mailbox: false, address: false },
    login: ['link', 'code'],
  });
  const auth = createAuth({
    users,
    refreshTokens: new RedisRefreshTokenStore(client),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    password: { hasher: quickHasher },
    limits: { register: false },
    features: [account],
  });
  auth.events.on('mailFailed', () => undefined);
  await auth.ready();
  for (let number = 0; number < pace.sameAnswers; number += 1)
    await users.create({ username: `known-${number}@example.com`, passwordHash: 'quick$a$b' });
  const server = express().use('/auth', auth.router).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const rows = [];
  let worst = 0;
  for (const { path, body } of requests) {
    /** @type {Record<'known' | 'unknown', number[]>} */
    const times = { known: [], unknown: [] };
    for (let number = -WARM_UP; number < pace.sameAnswers; number += 1) {
      const both = /** @type {const} */ (['known', 'unknown']);
      for (const kind of Math.random() < 0.5 ? both : both.toReversed()) {
        const username = `${kind}-${Math.abs(number)}@example.com`;
        const time = await ask(port, path, { ...body, username });
        if (number >= 0) times[kind].push(time);
      }
    }
    const auc = rankAuc(times.known, times.unknown);
    worst = Math.max(worst, Math.abs(auc - 0.5));
    rows.push([path, brief(median(times.known)), brief(median(times.unknown)), auc.toFixed(3)]);
  }
  server.close();
  server.closeAllConnections();
  agent.destroy();
  client.disconnect();
  await pool.end();
  return {
    title: 'Known and unknown addresses',
    intro: `Requests with addresses that have an account and with addresses that have none, ${pace.sameAnswers} each, in turn over one connection, with users in PostgreSQL, the rest in Redis, and a \`send\` of which half the calls take two seconds and half fail.`,
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

/** @param {number} port @param {string} path @param {object} body @returns {Promise<number>} milliseconds */
async function ask(port, path, body) {
  const text = JSON.stringify(body);
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
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
