import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import express from 'express';
import { Redis } from 'ioredis';
import { ACCESS_SECONDS, ACCESS_SECRET, REFRESH_SECONDS, REFRESH_SECRET } from '../lib/shared-settings.mjs';

const accessKey = createSecretKey(Buffer.from(ACCESS_SECRET));
const refreshKey = createSecretKey(Buffer.from(REFRESH_SECRET));
const ACCESS_HEADER = encode({ alg: 'HS256', typ: 'at+jwt', kid: 'a' });
const REFRESH_HEADER = encode({ alg: 'HS256', typ: 'rt+jwt', kid: 'r' });
const REUSE_WINDOW_MS = 30_000;
const MAX_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
/** A Redis that doesn't answer must not keep requests waiting for ever. */
const REDIS_TIMEOUT_MS = 1000;

/** @typedef {{ id: string, roles: string[], disabled: boolean }} User */

/** Rotates with the same guarantees as passport-visa, on one field of the user's hash. */
const ROTATE = `
  local packed = redis.call('HGET', KEYS[1], ARGV[1])
  if not packed then return {'unknown'} end
  local generation, rotated, expires, created, rest = string.match(packed, '^1\\n(%d+)\\n(%d+)\\n(%d+)\\n\\n(%d+)\\n(.*)$')
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local presented = tonumber(ARGV[2])
  generation = tonumber(generation)
  if created + expires <= now then
    redis.call('HDEL', KEYS[1], ARGV[1])
    return {'unknown'}
  end
  if presented > generation then
    local expiresAt = math.min(now + ARGV[3], created + ARGV[4])
    local successor = string.format('1\\n%d\\n%d\\n%d\\n\\n%s\\n%s', presented, now - created, expiresAt - created, created, rest)
    redis.call('HSET', KEYS[1], ARGV[1], successor)
    if redis.call('PTTL', KEYS[1]) < expiresAt - now then
      redis.call('PEXPIRE', KEYS[1], string.format('%d', expiresAt - now))
    end
    return {'rotated', string.format('%.0f', now)}
  end
  if presented == generation and now - created - rotated <= tonumber(ARGV[5]) then
    return {'replayed', string.format('%.0f', created + rotated)}
  end
  redis.call('HDEL', KEYS[1], ARGV[1])
  return {'reused'}`;

/**
 * The ceiling for a guard and a refresh: only the necessary work, in one handler, without further checks. A refresh reads the
 * user, as it must to refuse those who are disabled and to sign their roles; users are in memory.
 *
 * @param {{ redisUrl: string }} settings
 */
export default function createApp({ redisUrl }) {
  const redis = /** @type {any} */ (new Redis(redisUrl, { commandTimeout: REDIS_TIMEOUT_MS }));
  redis.defineCommand('rotate', { numberOfKeys: 1, lua: ROTATE });
  /** @type {Map<string, User>} */
  const users = new Map();
  const findUser = async (/** @type {string} */ id) => users.get(id);
  const app = express();

  app.post('/login/:number', async (req, res) => {
    const userId = `user-${req.params.number}`;
    const user = { id: userId, roles: [], disabled: false };
    users.set(userId, user);
    const sid = randomBytes(16).toString('base64url');
    const now = Date.now();
    const packed = ['1', 0, 0, REFRESH_SECONDS * 1000, '', now, 0, 0, '127.0.0.1', ''].join('\n');
    await redis.hset(keyOf(userId), sid, packed);
    await redis.pexpire(keyOf(userId), REFRESH_SECONDS * 1000);
    setPair(res, user, { sid, gen: 1, auth_time: Math.floor(now / 1000) }, now);
    res.json({ message: 'Login successful' });
  });

  app.get('/guarded', (req, res) => {
    const token = cookie(req.headers.cookie, 'accessToken=');
    const claims = verify(token, ACCESS_HEADER, accessKey);
    if (!claims || claims.exp * 1000 <= Date.now()) {
      res.status(401).json({ code: 'UNAUTHORIZED' });
      return;
    }
    res.json({ ok: true, id: claims.sub });
  });

  app.post('/refresh', async (req, res) => {
    const token = cookie(req.headers.cookie, 'refreshToken=');
    const claims = verify(token, REFRESH_HEADER, refreshKey);
    if (!claims || claims.exp * 1000 <= Date.now()) {
      res.status(401).json({ code: 'UNAUTHORIZED' });
      return;
    }
    const { sub, sid, gen, auth_time } = claims;
    const user = await findUser(sub);
    if (!user || user.disabled) {
      res.status(401).json({ code: 'UNAUTHORIZED' });
      return;
    }
    const lifetimes = [REFRESH_SECONDS * 1000, MAX_LIFETIME_MS, REUSE_WINDOW_MS];
    const [outcome, now] = await redis.rotate(keyOf(sub), sid, gen, ...lifetimes);
    if (outcome !== 'rotated' && outcome !== 'replayed') {
      res.status(401).json({ code: outcome });
      return;
    }
    setPair(res, user, { sid, gen: gen + 1, auth_time }, Number(now));
    res.json({ message: 'Token refreshed' });
  });
  return app;
}

/** @param {string} userId */
function keyOf(userId) {
  return `hand:{${userId}}`;
}

/**
 * @param {import('express').Response} res
 * @param {User} user
 * @param {{ sid: string, gen: number, auth_time: number }} session
 * @param {number} nowMs
 */
function setPair(res, { id: sub, roles }, { sid, gen, auth_time }, nowMs) {
  const iat = Math.floor(nowMs / 1000);
  const access = { sub, sid, roles, auth_time, iat, exp: iat + ACCESS_SECONDS };
  const refresh = { sub, sid, gen, auth_time, iat, exp: iat + REFRESH_SECONDS };
  const attributes = '; Path=/; HttpOnly; Secure; SameSite=Strict';
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Set-Cookie', [
    `accessToken=${sign(access, ACCESS_HEADER, accessKey)}${attributes}`,
    `refreshToken=${sign(refresh, REFRESH_HEADER, refreshKey)}${attributes}`,
  ]);
}

/** @param {string | undefined} header @param {string} name including the = */
function cookie(header = '', name) {
  const start = header.indexOf(name);
  if (start < 0) return '';
  const end = header.indexOf(';', start);
  return header.slice(start + name.length, end < 0 ? undefined : end);
}

/** @param {object} claims @param {string} header @param {import('node:crypto').KeyObject} key */
function sign(claims, header, key) {
  const text = `${header}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/** @param {string} token @param {string} header @param {import('node:crypto').KeyObject} key */
function verify(token, header, key) {
  const end = token.lastIndexOf('.');
  if (end < 0 || !token.startsWith(`${header}.`)) return undefined;
  const expected = createHmac('sha256', key).update(token.slice(0, end)).digest();
  const given = Buffer.from(token.slice(end + 1), 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(token.slice(header.length + 1, end), 'base64url').toString());
}

/** @param {object} value */
function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
