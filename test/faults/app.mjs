// One process of the app in a fault scenario. It follows the README: clients with default settings, and only the options that the
// scenario sets.
import express from 'express';
import { Redis } from 'ioredis';
import {
  createAuth,
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
} from 'passport-visa';
import { SqliteRefreshTokenStore, SqliteUserStore } from 'passport-visa/sqlite';
import pg from 'pg';
import { createClient, createCluster, createSentinel } from 'redis';

// Sets the clock of this process ahead: `new Date()` and `Date.now()` return the wrong time.
const aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 0);
const RealDate = Date;
globalThis.Date = /** @type {any} */ (
  class extends RealDate {
    /** @param {any[]} parts */
    constructor(...parts) {
      // @ts-expect-error: the constructor of Date has several forms
      super(...(parts.length === 0 ? [RealDate.now() + aheadMs] : parts));
    }
    /** @override */
    static now() {
      return RealDate.now() + aheadMs;
    }
  }
);

const settings = JSON.parse(process.env.FAULTS_APP ?? '');

const { users, refreshTokens } = settings.sqlite ? await openSqlite(settings.sqlite) : await openPostgres();

const auth = createAuth({
  users,
  refreshTokens,
  accessToken: { secret: settings.accessSecret },
  refreshToken: { secret: settings.refreshSecret },
  password: { cost: 10 },
  // All devices of a scenario have the same address, and few users.
  limits: { register: false, address: false, logins: false },
  ...settings.options,
});
// Without a listener the process would warn of each outage, which the scenarios cause on purpose.
auth.events.on('unavailable', () => undefined);

const app = express();
if (settings.trustProxy) app.set('trust proxy', settings.trustProxy);
app.use('/auth', auth.router);
/** @type {import('express').RequestHandler} */
const answer = (req, res) => void res.json(req.user);
// Logs a user in without a password: bcrypt would take all the time, and tells nothing about stores.
app.post('/proved-login', express.json(), (req, res, next) => {
  users.findByUsername(req.body.username).then((user) => {
    req.user = /** @type {any} */ (user);
    auth.completeLogin({ transport: 'body' })(req, res, next);
  }, next);
});
app.get('/profile', auth.tokenVerify, answer);
app.get('/checked', auth.guard({ checkSession: true }), answer);
app.use(auth.errorHandler);

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit()); // ends with the test

async function openPostgres() {
  const pool = new pg.Pool({ connectionString: settings.postgres });
  return {
    users: new PostgresUserStore(pool),
    refreshTokens: settings.redis
      ? new RedisRefreshTokenStore(await connect(settings.redis))
      : new PostgresRefreshTokenStore(pool),
  };
}

/** @param {{ file: string, users: import('passport-visa').NewUser[] }} sqlite */
async function openSqlite({ file, users: newUsers }) {
  const { DatabaseSync } = /** @type {any} */ (process.getBuiltinModule('node:sqlite'));
  const database = new DatabaseSync(file);
  const users = new SqliteUserStore(database);
  const refreshTokens = new SqliteRefreshTokenStore(database);
  await users.migrate();
  await refreshTokens.migrate();
  for (const user of newUsers) if (!(await users.findByUsername(user.username))) await users.create(user);
  return { users, refreshTokens };
}

/** @param {any} redis */
function connect(redis) {
  if (redis.library === 'redis') return connectNodeRedis(redis).connect();
  if (redis.nodes) return new Redis.Cluster(redis.nodes);
  if (redis.sentinels) return new Redis(redis);
  return new Redis(redis.url);
}

/** @param {any} redis */
function connectNodeRedis({ nodes, sentinels, name, url }) {
  if (nodes) return createCluster({ rootNodes: nodes.map((/** @type {object} */ socket) => ({ socket })) });
  if (sentinels) return createSentinel({ name, sentinelRootNodes: sentinels });
  return createClient({ url });
}
