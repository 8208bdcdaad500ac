import bcrypt from 'bcryptjs';
import cookieParser from 'cookie-parser';
import express from 'express';
import { Redis } from 'ioredis';
import {
  createAuth,
  MemoryUserStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
  secondFactor,
} from 'passport-visa';
import { passkeys } from 'passport-visa/passkeys';
import pg from 'pg';
import { createClient } from 'redis';
import {
  ACCESS_SECRET,
  COST,
  FACTOR_KEY,
  PASSKEYS,
  PASSWORD,
  REFRESH_SECRET,
} from '../lib/shared-settings.mjs';

/**
 * @param {object} settings
 * @param {string} settings.redisUrl
 * @param {'node-redis'} [settings.client] Default: ioredis
 * @param {{ file: string, synchronous: 'FULL' | 'NORMAL' }} [settings.sqlite] where sessions live in place of Redis
 * @param {string} [settings.postgresUrl] where users live; without it they are in memory
 * @param {boolean} [settings.cookieParser] whether the app parses cookies as well
 * @param {boolean} [settings.claims] whether access tokens have claims of the app's own
 * @param {boolean} [settings.verifies] whether `auth.verify` in the handler replaces the guard
 * @param {boolean} [settings.factors] whether the features `secondFactor` and `passkeys` are on
 * @param {object} [settings.options] further options of createAuth
 */
export default async function createApp({
  redisUrl,
  client,
  sqlite,
  postgresUrl,
  cookieParser: parsesCookies,
  claims,
  verifies,
  factors,
  options,
}) {
  const users = postgresUrl ? await postgresUsers(postgresUrl) : new MemoryUserStore();
  const auth = createAuth({
    users,
    refreshTokens: sqlite
      ? await sqliteSessions(sqlite)
      : new RedisRefreshTokenStore(client ? await nodeRedis(redisUrl) : new Redis(redisUrl)),
    accessToken: {
      secret: ACCESS_SECRET,
      ...(claims && { claims: ({ id }) => ({ tenant: `tenant of ${id}`, plan: 'paid' }) }),
    },
    refreshToken: { secret: REFRESH_SECRET },
    password: { cost: COST },
    limits: { username: false, address: false, logins: false },
    ...(factors && { features: [secondFactor({ issuer: 'Bench', key: FACTOR_KEY }), passkeys(PASSKEYS)] }),
    ...options,
  });
  const app = express();
  if (parsesCookies) app.use(cookieParser());
  app.post('/login/:number', provenUser(users), auth.completeLogin());
  if (verifies) {
    app.get('/guarded', async (req, res) => {
      const { id } = await auth.verify(req);
      res.json({ ok: true, id });
    });
  } else {
    app.get('/guarded', auth.tokenVerify, (req, res) => {
      res.json({ ok: true, id: /** @type {{ id: string }} */ (req.user).id });
    });
  }
  app.use('/auth', auth.router);
  if (postgresUrl) app.get('/queries', (_req, res) => void res.json(queries));
  return app;
}

/** How many have been sent to PostgreSQL. */
let queries = 0;

/** @param {string} url */
function nodeRedis(url) {
  return createClient({ url }).on('error', console.error).connect();
}

/** @param {{ file: string, synchronous: string }} place */
async function sqliteSessions({ file, synchronous }) {
  const { SqliteRefreshTokenStore } = await import('passport-visa/sqlite');
  const { DatabaseSync } = /** @type {any} */ (process.getBuiltinModule('node:sqlite'));
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA synchronous = ${synchronous}`);
  const store = new SqliteRefreshTokenStore(database);
  await store.migrate();
  return store;
}

/** @param {string} connectionString */
async function postgresUsers(connectionString) {
  const pool = new pg.Pool({ connectionString });
  pool.on('connect', (client) => {
    const query = client.query.bind(client);
    // @ts-expect-error -- it has many overloads
    client.query = (...args) => {
      queries += 1;
      // @ts-expect-error -- and passes on what it gets
      return query(...args);
    };
  });
  const users = new PostgresUserStore(pool);
  await users.migrate();
  return users;
}

/**
 * Replaces a Passport strategy: logs in the user with this number, who is created on first use.
 *
 * @param {import('passport-visa').UserStore} users
 * @returns {import('express').RequestHandler}
 */
function provenUser(users) {
  const passwordHash = bcrypt.hashSync(PASSWORD, COST);
  return async (req, _res, next) => {
    const username = `user-${req.params['number']}`;
    const known = await users.findByUsername(username);
    const { id } = known ?? (await users.create({ username, passwordHash }));
    Object.assign(req, { user: { id } });
    next();
  };
}
