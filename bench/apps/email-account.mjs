import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { Redis } from 'ioredis';
import { createAuth, emailAccount, PostgresUserStore, RedisRefreshTokenStore } from 'passport-visa';
import pg from 'pg';
import { ACCESS_SECRET, REFRESH_SECRET } from '../lib/shared-settings.mjs';

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

/**
 * Accounts by e-mail, with `users` accounts `known-0@example.com` and on. A login is that of one more user, who may ask for addresses.
 *
 * @param {{ redisUrl: string, postgresUrl: string, users: number }} settings
 */
export default async function createApp({ redisUrl, postgresUrl, users: count }) {
  const users = new PostgresUserStore(new pg.Pool({ connectionString: postgresUrl }));
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
    refreshTokens: new RedisRefreshTokenStore(new Redis(redisUrl)),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
    password: { hasher: quickHasher },
    limits: { register: false },
    features: [account],
  });
  auth.events.on('mailFailed', () => undefined);
  await auth.ready();
  for (let number = 0; number < count; number += 1)
    await users.create({ username: `known-${number}@example.com`, passwordHash: 'quick$a$b' });
  const asker = await users.create({ username: 'asker@example.com', passwordHash: 'quick$a$b' });
  const app = express();
  app.post('/login/:number', (req, _res, next) => next(void (req.user = asker)), auth.completeLogin());
  return app.use('/auth', auth.router);
}
