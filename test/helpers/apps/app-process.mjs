// One process of an app: `node app-process.mjs redis|postgres|sqlite`. The servers' URLs are in the environment.
import { createHash } from 'node:crypto';
import express from 'express';
import { Redis } from 'ioredis';
import {
  createAuth,
  emailAccount,
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  secondFactor,
} from 'passport-visa';
import { passkeys } from 'passport-visa/passkeys';
import { SqliteRefreshTokenStore, SqliteUserStore } from 'passport-visa/sqlite';
import pg from 'pg';

const {
  DATABASE_URL,
  REDIS_URL = '',
  KEY_PREFIX = '',
  ACCESS_TOKEN_SECRET,
  REFRESH_TOKEN_SECRET,
  EMAIL_ACCOUNT,
  FACTOR_KEY,
  PASSKEY_ORIGIN,
  REAL_PASSWORDS,
} = process.env;
const { users, sessions } = DATABASE_URL?.startsWith('sqlite:')
  ? inSqlite(DATABASE_URL.slice(7))
  : inPostgres();
const refreshTokens =
  process.argv[2] === 'redis'
    ? new RedisRefreshTokenStore(new Redis(REDIS_URL), { keyPrefix: KEY_PREFIX })
    : sessions();
/** @type {import('passport-visa').Mail[]} */
const mails = [];
const account = emailAccount({
  send: (mail) => mails.push(mail),
  baseUrl: 'https://app.example.com',
  limits: { mailbox: false, address: false },
});
const auth = createAuth({
  users,
  refreshTokens,
  accessToken: { secret: ACCESS_TOKEN_SECRET },
  refreshToken: { secret: REFRESH_TOKEN_SECRET },
  password: REAL_PASSWORDS === 'yes' ? { cost: 10 } : { hasher: quickHasher() },
  features: [
    ...(EMAIL_ACCOUNT === 'yes' ? [account] : []),
    ...(FACTOR_KEY ? [secondFactor({ issuer: 'App', key: FACTOR_KEY })] : []),
    ...(PASSKEY_ORIGIN
      ? [passkeys({ rpId: new URL(PASSKEY_ORIGIN).hostname, rpName: 'App', origins: PASSKEY_ORIGIN })]
      : []),
  ],
  ...(EMAIL_ACCOUNT === 'yes' && { limits: { address: false } }),
  ...(FACTOR_KEY && { limits: { address: false, logins: false } }),
});
const app = express().use('/auth', auth.router);
app.get('/profile', auth.tokenVerify, (req, res) => {
  res.json(req.user);
});
app.post('/own/start', express.json(), async (req, res) => {
  res.json(await auth.sessions.start(req.body.userId));
});
app.post('/own/refresh', express.json(), async (req, res) => {
  res.json(await auth.sessions.refresh(req.body.refreshToken));
});
app.post('/own/end', express.json(), async (req, res) => {
  res.json(await auth.sessions.end(req.body.token));
});
app.post('/own/hash', express.json(), async (req, res) => {
  res.json({ passwordHash: await auth.passwords.hash(req.body.password) });
});
app.get('/own/mails', (_req, res) => {
  res.json(mails);
});
// The answer comes first, and the process is killed so many milliseconds later.
app.post('/own/kill-in', express.json(), (req, res) => {
  res.json({});
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), req.body.ms);
});
// From now on the process gets the signal as soon as the store, or the part of it, has answered this call for the n-th time.
app.post('/own/kill-after', express.json(), (req, res) => {
  const { store: name, part, method, calls, signal = 'SIGKILL' } = req.body;
  const stores = /** @type {Record<string, any>} */ ({ users, refreshTokens });
  const store = part ? Object.getPrototypeOf(stores[name][part]()) : stores[name];
  const call = store[method];
  let answered = 0;
  store[method] = async function (/** @type {unknown[]} */ ...values) {
    const answer = await call.apply(this, values);
    if ((answered += 1) === calls) process.kill(process.pid, signal);
    return answer;
  };
  res.json({ pid: process.pid });
});
app.use(auth.errorHandler);
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit()); // ends with the test

/** bcrypt takes longer than the rest of a request, and most tests of processes log in many times. */
function quickHasher() {
  const hash = (/** @type {string} */ password) =>
    `$quick$${createHash('sha256').update(password).digest('hex')}`;
  return {
    hash,
    verify: (/** @type {string} */ password, /** @type {string} */ stored) => hash(password) === stored,
    matches: (/** @type {string} */ stored) => stored.startsWith('$quick$'),
  };
}

function inPostgres() {
  const pool = new pg.Pool({ connectionString: DATABASE_URL });
  return { users: new PostgresUserStore(pool), sessions: () => new PostgresRefreshTokenStore(pool) };
}

/** @param {string} file */
function inSqlite(file) {
  const { DatabaseSync } = /** @type {any} */ (process.getBuiltinModule('node:sqlite'));
  const database = new DatabaseSync(file);
  return { users: new SqliteUserStore(database), sessions: () => new SqliteRefreshTokenStore(database) };
}
