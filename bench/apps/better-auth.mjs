import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { fromNodeHeaders } from 'better-auth/node';
import express from 'express';
import { Redis } from 'ioredis';
import { ACCESS_SECRET, PASSWORD } from '../lib/shared-settings.mjs';

/**
 * Users in memory, sessions in Redis as secondary storage.
 *
 * @param {{ redisUrl: string, cookieCache?: boolean }} settings
 */
export default function createApp({ redisUrl, cookieCache = false }) {
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1',
    secret: ACCESS_SECRET,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secondaryStorage: redisStorage(new Redis(redisUrl)),
    emailAndPassword: { enabled: true, password: noHashing },
    // Longer than a run, so the cache doesn't expire during one.
    session: { cookieCache: { enabled: cookieCache, maxAge: 60 * 60 } },
  });
  const known = new Set();

  const app = express();
  app.post('/login/:number', async (req, res) => {
    const email = `user-${req.params.number}@example.com`;
    const headers = fromNodeHeaders(req.headers);
    const answer = known.has(email)
      ? await auth.api.signInEmail({ body: { email, password: PASSWORD }, headers, asResponse: true })
      : await auth.api.signUpEmail({
          body: { email, password: PASSWORD, name: email },
          headers,
          asResponse: true,
        });
    known.add(email);
    res
      .status(answer.status)
      .set('set-cookie', answer.headers.getSetCookie())
      .json({ message: 'Login successful' });
  });
  app.get('/guarded', async (req, res) => {
    const session = await auth.api.getSession({ headers: fromNodeHeaders(req.headers) });
    if (session) res.json({ ok: true, id: session.user.id });
    else res.status(401).json({ message: 'Unauthorized' });
  });
  return app;
}

/** Password hashing is measured elsewhere. Here it would make the thousands of logins that fill a store take minutes. */
const noHashing = {
  hash: async (/** @type {string} */ password) => password,
  verify: async (/** @type {{ hash: string, password: string }} */ { hash, password }) => hash === password,
};

/** @param {Redis} redis */
function redisStorage(redis) {
  return {
    get: (/** @type {string} */ key) => redis.get(key),
    getAndDelete: (/** @type {string} */ key) => redis.getdel(key),
    set: (/** @type {string} */ key, /** @type {string} */ value, /** @type {number | undefined} */ ttl) =>
      ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value),
    delete: (/** @type {string} */ key) => redis.del(key),
    increment: async (/** @type {string} */ key, /** @type {number} */ ttl) => {
      const count = await redis.incr(key);
      if (count === 1) await redis.expire(key, ttl);
      return count;
    },
  };
}
