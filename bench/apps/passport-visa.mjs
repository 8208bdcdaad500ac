import bcrypt from 'bcryptjs';
import cookieParser from 'cookie-parser';
import express from 'express';
import { Redis } from 'ioredis';
import { createAuth, MemoryUserStore, PostgresUserStore, RedisRefreshTokenStore } from 'passport-visa';
import pg from 'pg';
import { createClient } from 'redis';
import { ACCESS_SECRET, COST, PASSWORD, REFRESH_SECRET } from '../lib/shared-settings.mjs';

/**
 * @param {object} settings
 * @param {string} settings.redisUrl
 * @param {'node-redis'} [settings.client] Default: ioredis
 * @param {{ file: string, synchronous: 'FULL' | 'NORMAL' }} [settings.sqlite] where sessions live in place of Redis
 * @param {string} [settings.postgresUrl] where users live; without it they are in memory
 * @param {boolean} [settings.cookieParser] whether the app parses cookies as well
 * @param {boolean} [settings.claims] whether access tokens have claims of the app's own
 * @param {boolean} [settings.verifies] whether `auth.verify` in the handler replaces the guard
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
  return app;
}

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
  const users = new PostgresUserStore(new pg.Pool({ connectionString }));
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
