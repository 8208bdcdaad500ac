import { createHmac } from 'node:crypto';
import { percent, twoDigits, whole } from '../lib/format.mjs';
import { atLeast, costColumns, costRow } from '../lib/report.mjs';
import { assertGuards, startApp } from '../lib/running-app.mjs';
import { ACCESS_SECRET } from '../lib/shared-settings.mjs';
import { ceilingOf, compareRounds, measureSideBySide, summarize } from '../lib/side-by-side.mjs';

/** @typedef {import('../lib/running-app.mjs').Headers} Headers */
/** @typedef {import('../lib/side-by-side.mjs').Variant} Variant */

const USERS = 100;
/** Three times as many as the guard caches, so none is still cached when it is sent again. */
const NEW_TOKENS = 30_000;
const CONNECTIONS = 32;

const BARE = 'bare Express (the ceiling)';
const CONTROL = 'bare Express in a second process (the error of the method)';
const HITS = 'passport-visa, tokens seen before';
const NEW = 'passport-visa, every token new';
const FACTORS = 'passport-visa, tokens seen before, secondFactor and passkeys on';
const TUTORIAL = 'tutorial: cookie-parser, passport, passport-jwt, string secret';

/**
 * @typedef {object} Plan
 * @property {string} name
 * @property {string} app
 * @property {object} [settings]
 * @property {(users: Headers[]) => Headers[]} [credentials] replaces the headers from the login
 * @property {boolean} [sendsAll] sends every cookie from the login
 */

/** @type {Plan[]} */
const plans = [
  { name: BARE, app: 'bare' },
  { name: CONTROL, app: 'bare' },
  { name: HITS, app: 'passport-visa' },
  { name: FACTORS, app: 'passport-visa', settings: { factors: true } },
  { name: NEW, app: 'passport-visa', credentials: newTokens },
  {
    name: 'passport-visa, auth.verify in place of the guard',
    app: 'passport-visa',
    settings: { verifies: true },
  },
  {
    name: 'passport-visa, tokens seen before, with claims of the app',
    app: 'passport-visa',
    settings: { claims: true },
  },
  { name: 'passport-visa, tokens seen before, both cookies sent', app: 'passport-visa', sendsAll: true },
  { name: 'passport-visa, bearer header', app: 'passport-visa', credentials: (users) => users.map(asBearer) },
  {
    name: 'passport-visa, in an app with cookie-parser',
    app: 'passport-visa',
    settings: { cookieParser: true },
  },
  { name: 'hand-written HMAC check', app: 'hand-written' },
  { name: TUTORIAL, app: 'tutorial' },
  { name: 'the same with a KeyObject', app: 'tutorial', settings: { keyObjects: true } },
  { name: 'express-jwt', app: 'express-jwt' },
  { name: 'express-oauth2-jwt-bearer', app: 'express-oauth2-jwt-bearer' },
  { name: 'express-session, connect-redis, passport.session()', app: 'express-session' },
  { name: 'better-auth getSession, cookie cache', app: 'better-auth', settings: { cookieCache: true } },
  { name: 'better-auth getSession, no cookie cache', app: 'better-auth' },
];

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureGuard({ redis, load, pace }) {
  const variants = [];
  for (const plan of plans) {
    const app = await startApp(plan.app, { redisUrl: redis.url, ...plan.settings });
    variants.push({ name: plan.name, app });
    const users = await credentialsFor(plan, app);
    const target = { name: plan.name, port: app.port, method: 'GET', path: '/guarded', users };
    await load.call('open', { ...target, connections: CONNECTIONS });
  }
  const [bare, ...guards] = /** @type {[Variant, ...Variant[]]} */ (variants);
  const samples = await measureSideBySide(load, bare, guards, pace, [HITS, FACTORS, TUTORIAL]);
  for (const { name, app } of variants) {
    await load.call('close', name);
    await app.stop();
  }

  const summaries = new Map(guards.map(({ name }) => [name, summarize(samples.get(name) ?? [])]));
  const ratioOf = (/** @type {string} */ name) => Number(summaries.get(name)?.ratio.median);
  const ceiling = summarize(ceilingOf(samples));
  const coreShare = (ceiling.cpu.median * ceiling.perSecond.median) / 1e6;
  const overTutorial = compareRounds(samples, HITS, TUTORIAL, (ours, theirs) => theirs.cpu / ours.cpu).median;
  const withFactors = compareRounds(samples, HITS, FACTORS, (off, on) => on.cpu / off.cpu);
  return {
    title: 'Guard',
    intro: `GET of a guarded route. ${USERS} users in turn, ${CONNECTIONS} connections, ${pace.rounds} rounds of ${pace.burstMilliseconds} ms a variant.`,
    tables: [
      {
        columns: costColumns,
        rows: [costRow(BARE, ceiling), ...[...summaries].map(([name, summary]) => costRow(name, summary))],
      },
    ],
    targets: [
      atLeast('Guard: CPU ratio to bare Express, tokens seen before', 0.8, ratioOf(HITS), twoDigits),
      atLeast('Guard: CPU ratio to bare Express, every token new', 0.65, ratioOf(NEW), twoDigits),
      atLeast('Guard: CPU of the tutorial divided by ours, tokens seen before', 6, overTutorial, twoDigits),
    ],
    notes: [
      `Bare Express used ${percent(coreShare)} of its core in its bursts. If this is much less than 100 %, other programs took the rest, and the figures are less reliable.`,
      `_Every token new_ cycles through ${whole(NEW_TOKENS)} tokens of as many users. The guard can’t remember that many, so it checks each one in full.`,
      'The JWT variants check HS256 with a secret of 64 characters. Each token has the claims that its variant needs; those of passport-visa are the longest.',
      'Variants that read an access cookie get only that cookie, except in the row _both cookies sent_. A browser would send all cookies of a path.',
      'express-jwt and express-oauth2-jwt-bearer read a bearer header, as they are meant to be used; the others read cookies. A header is cheaper to read.',
      `With \`secondFactor\` and \`passkeys\` a guarded request takes ${percent(withFactors.median)} of the CPU time that it takes without them, in the same rounds (${percent(withFactors.low)} – ${percent(withFactors.high)}).`,
      'The tutorial doesn’t look up its user, which is to its advantage: most articles add a query to each request.',
      'express-session and better-auth ask Redis on each request whether the session still exists (better-auth doesn’t with its cookie cache). passport-visa doesn’t ask: the store tells each process which sessions have ended (`revocation`, on by default), and the guard looks that up in memory.',
      'Redis is on loopback here. Over a real network its replies take longer, but they cost the app no more CPU time.',
      'better-auth runs with users in memory and sessions in Redis as its secondary storage. Its cookie cache is kept valid for the whole run.',
      'connect-redis is version 8, the last one that accepts ioredis. So all variants use the same client.',
    ],
  };
}

/**
 * @param {Plan} plan
 * @param {import('../lib/running-app.mjs').RunningApp} app
 * @returns {Promise<Headers[]>}
 */
async function credentialsFor(plan, app) {
  if (plan.app === 'bare') return [{}];
  const users = [];
  for (let number = 1; number <= USERS; number += 1) {
    const headers = await app.logIn(number);
    users.push(plan.sendsAll ? headers : withoutRefreshToken(headers));
  }
  const credentials = plan.credentials?.(users) ?? users;
  await assertGuards(plan.name, app.port, /** @type {Headers} */ (credentials[0]));
  await assertGuards(plan.name, app.port, /** @type {Headers} */ (credentials.at(-1)));
  return credentials;
}

/** Guards don't need the refresh token. @param {Headers} headers */
function withoutRefreshToken({ cookie, ...headers }) {
  if (cookie === undefined) return headers;
  const pairs = cookie.split('; ').filter((pair) => !pair.startsWith('refreshToken='));
  return { ...headers, cookie: pairs.join('; ') };
}

/** @param {Headers} headers @returns {Headers} */
function asBearer({ cookie = '' }) {
  return { authorization: `Bearer ${cookie.slice(cookie.indexOf('=') + 1)}` };
}

/** Tokens like that of a login, each for another user and session. @param {Headers[]} users */
function newTokens([first]) {
  const [name, token = ''] = (first?.['cookie'] ?? '').split('=');
  const [header, payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return Array.from({ length: NEW_TOKENS }, (_, index) => {
    const suffix = String(index).padStart(5, '0');
    const own = { ...claims, sub: claims.sub.slice(0, -5) + suffix, sid: claims.sid.slice(0, -5) + suffix };
    const text = `${header}.${Buffer.from(JSON.stringify(own)).toString('base64url')}`;
    const signature = createHmac('sha256', ACCESS_SECRET).update(text).digest('base64url');
    return { cookie: `${name}=${text}.${signature}` };
  });
}
