// One process of an app under faults. It is written as the README does it: bare clients, and no options but those of the scenario.
import express from 'express';
import { Redis } from 'ioredis';
import {
  createAuth,
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
} from 'passport-visa';
import pg from 'pg';

/** @typedef {{ url: string } | { sentinels: object[], name: string, [option: string]: unknown } | { nodes: object[] }} RedisSettings */

const settings = JSON.parse(process.env.FAULTS_APP ?? '');

const pool = new pg.Pool({ connectionString: settings.postgres });
const users = new PostgresUserStore(pool);
const refreshTokens = settings.redis
  ? new RedisRefreshTokenStore(connect(settings.redis))
  : new PostgresRefreshTokenStore(pool);

const auth = createAuth({
  users,
  refreshTokens,
  accessToken: { secret: settings.accessSecret },
  refreshToken: { secret: settings.refreshSecret },
  password: { cost: 10 },
  // All devices of a scenario call from one address.
  limits: { register: false, address: false },
  ...settings.options,
});

const app = express().use('/auth', auth.router);
/** @type {import('express').RequestHandler} */
const answer = (req, res) => void res.json(req.user);
// Whoever logs in here has been proved already: bcrypt would take all the time, and shows nothing about stores.
app.post('/proved-login', express.json(), async (req, res, next) => {
  req.user = /** @type {any} */ (await users.findByUsername(req.body.username));
  auth.completeLogin({ transport: 'body' })(req, res, next);
});
app.get('/profile', auth.tokenVerify, answer);
app.get('/checked', auth.guard({ checkSession: true }), answer);

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit()); // never outlives the test

/** @param {any} redis */
function connect(redis) {
  if (redis.nodes) return new Redis.Cluster(redis.nodes);
  if (redis.sentinels) return new Redis(redis);
  return new Redis(redis.url);
}
