// The app under test, in a separate process: users in PostgreSQL, sessions there or in Redis, and every kind of guard.
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
// A 503 fails the run. The log tells its cause.
auth.events.on('unavailable', ({ at, error }) => console.error(at.toISOString(), error.message, error.cause));

const app = express();
// Clients send their address in a header, as a proxy would.
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
// Longer than the clients', so that clients close idle connections first and never send into one that is being closed.
server.keepAliveTimeout = 60_000;
await once(server, 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
answerCalls(port, { vitals: createVitals(), events: () => events });

/** @param {import('express').Request} req @param {import('express').Response} res */
function answer(req, res) {
  res.json({ id: /** @type {{ id: string }} */ (req.user).id });
}

/**
 * Replaces a Passport strategy: bcrypt at each login would take most of the time, and tests nothing about sessions.
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
