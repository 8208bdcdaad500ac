// The app under test, a process of its own: users in PostgreSQL, sessions there or in Redis, and every kind of guard.
import { once } from 'node:events';
import bcrypt from 'bcryptjs';
import express from 'express';
import { Redis } from 'ioredis';
import {
  createAuth,
  PostgresRefreshTokenStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
} from 'passport-visa';
import pg from 'pg';
import { answerCalls, childSettings } from '../bench/lib/child.mjs';
import { ACCESS_SECRET, REFRESH_SECRET } from '../bench/lib/shared-settings.mjs';
import { leakIfAsked } from './leak.mjs';
import { createVitals } from './vitals.mjs';
import * as settings from './settings.mjs';

const { redisUrl, postgresUrl, sessions } = childSettings();
const pool = new pg.Pool({ connectionString: postgresUrl });
const users = new PostgresUserStore(pool);
const refreshTokens =
  sessions === 'postgres'
    ? new PostgresRefreshTokenStore(pool)
    : new RedisRefreshTokenStore(new Redis(redisUrl));
await users.migrate();
if (refreshTokens instanceof PostgresRefreshTokenStore) await refreshTokens.migrate();
await createUsers();

const auth = createAuth({
  users,
  refreshTokens,
  accessToken: {
    secret: ACCESS_SECRET,
    expiresIn: settings.ACCESS_SECONDS,
    cacheSize: settings.CACHED_TOKENS,
  },
  refreshToken: {
    secret: REFRESH_SECRET,
    expiresIn: settings.REFRESH_SECONDS,
    reuseWindow: settings.REUSE_WINDOW_SECONDS,
  },
  password: { cost: settings.COST },
});

/** @type {Record<string, number>} */
const events = {};
auth.events.onAny(({ type }) => (events[type] = (events[type] ?? 0) + 1));
// A run with a 503 has failed, and whoever reads it asks why.
auth.events.on('unavailable', ({ at, error }) => console.error(at.toISOString(), error.message, error.cause));

const app = express();
// Clients say which address they have, as a proxy would.
app.set('trust proxy', 'loopback');
leakIfAsked(app);
app.use('/auth', auth.router);
app.post('/proved-login/:transport', express.json(), prove, (req, res, next) =>
  auth.completeLogin({ transport: req.params['transport'] === 'body' ? 'body' : 'cookie' })(req, res, next),
);
app.get('/profile', auth.tokenVerify, answer);
app.get('/checked', auth.guard({ checkSession: true }), answer);
app.get('/loaded', auth.guard({ loadUser: true }), answer);
app.get('/page', auth.guard({ renew: true }), answer);
app.use(auth.errorHandler);

await auth.ready();
const server = app.listen(0, '127.0.0.1');
// Clients close what they don't need any more, so that nobody sends into a connection that is just being closed.
server.keepAliveTimeout = 60_000;
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
answerCalls(port, { vitals: createVitals(), events: () => events });

/** @param {import('express').Request} req @param {import('express').Response} res */
function answer(req, res) {
  res.json({ id: /** @type {{ id: string }} */ (req.user).id });
}

/**
 * Stands for any Passport strategy: bcrypt at each login would take all the time, and shows nothing about sessions.
 *
 * @param {import('express').Request} req
 * @param {import('express').Response} _res
 * @param {import('express').NextFunction} next
 */
function prove(req, _res, next) {
  users.findByUsername(req.body.username).then((user) => {
    Object.assign(req, { user });
    next();
  }, next);
}

async function createUsers() {
  const passwordHash = await bcrypt.hash(settings.PASSWORD, settings.COST);
  const names = [
    ...Array.from({ length: settings.USERS }, (_, number) => settings.userName(number)),
    ...Array.from({ length: settings.CLUMSY_USERS }, (_, number) => settings.clumsyName(number)),
    settings.GUESSED_USER,
  ];
  for (const username of names) await users.create({ username, passwordHash });
}
