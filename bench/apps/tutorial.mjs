import { createSecretKey } from 'node:crypto';
import bcryptNative from 'bcrypt';
import bcryptjs from 'bcryptjs';
import cookieParser from 'cookie-parser';
import express from 'express';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import passport from 'passport';
import { Strategy as JwtStrategy } from 'passport-jwt';
import { Strategy as LocalStrategy } from 'passport-local';
import {
  ACCESS_SECONDS,
  ACCESS_SECRET,
  COST,
  PASSWORD,
  REFRESH_SECONDS,
  REFRESH_SECRET,
} from '../lib/shared-settings.mjs';

const COOKIE = /** @type {const} */ ({ httpOnly: true, secure: true, sameSite: 'strict' });

/**
 * What most articles show: cookie-parser, passport with passport-local and passport-jwt, jsonwebtoken, and the
 * latest refresh token of each user in Redis.
 *
 * @param {object} settings
 * @param {string} settings.redisUrl
 * @param {boolean} [settings.keyObjects] secrets as key objects that are created once, which few articles do; without it strings
 * @param {'bcryptjs' | 'bcrypt'} [settings.hashing]
 */
export default function createApp({ redisUrl, keyObjects = false, hashing = 'bcryptjs' }) {
  const redis = new Redis(redisUrl);
  const accessSecret = keyObjects ? createSecretKey(Buffer.from(ACCESS_SECRET)) : ACCESS_SECRET;
  const refreshSecret = keyObjects ? createSecretKey(Buffer.from(REFRESH_SECRET)) : REFRESH_SECRET;
  const bcrypt = hashing === 'bcrypt' ? bcryptNative : bcryptjs;
  const passwordHash = bcryptjs.hashSync(PASSWORD, COST);

  passport.use(
    new JwtStrategy(
      {
        jwtFromRequest: (req) => req.cookies?.accessToken ?? null,
        secretOrKey: /** @type {string} */ (accessSecret),
        algorithms: ['HS256'],
      },
      (payload, done) => done(null, { id: payload.sub }),
    ),
  );
  passport.use(
    new LocalStrategy({ session: false }, async (username, password, done) => {
      try {
        done(null, (await bcrypt.compare(password, passwordHash)) && { id: username });
      } catch (error) {
        done(error);
      }
    }),
  );

  /** @param {import('express').Response} res @param {string} id */
  async function handOutTokens(res, id) {
    const accessToken = jwt.sign({ sub: id }, accessSecret, { expiresIn: ACCESS_SECONDS });
    const refreshToken = jwt.sign({ sub: id }, refreshSecret, { expiresIn: REFRESH_SECONDS });
    await redis.set(`refresh:${id}`, refreshToken, 'EX', REFRESH_SECONDS);
    res.cookie('accessToken', accessToken, COOKIE);
    res.cookie('refreshToken', refreshToken, COOKIE);
  }

  const app = express();
  app.use(express.json());
  app.use(cookieParser());
  app.use(passport.initialize());

  app.post('/login/:number', async (req, res) => {
    await handOutTokens(res, `user-${req.params.number}`);
    res.json({ message: 'Login successful' });
  });

  app.post('/auth/login', passport.authenticate('local', { session: false }), async (req, res) => {
    await handOutTokens(res, /** @type {{ id: string }} */ (req.user).id);
    res.json({ message: 'Login successful' });
  });

  app.get('/guarded', passport.authenticate('jwt', { session: false }), (req, res) => {
    res.json({ ok: true, id: /** @type {{ id: string }} */ (req.user).id });
  });

  app.post('/refresh', async (req, res) => {
    const token = req.cookies.refreshToken;
    let id;
    try {
      ({ sub: id } = /** @type {{ sub: string }} */ (jwt.verify(token, refreshSecret)));
    } catch {
      res.status(401).json({ message: 'Unauthorized' });
      return;
    }
    if ((await redis.get(`refresh:${id}`)) !== token) {
      res.status(401).json({ message: 'Unauthorized' });
      return;
    }
    await handOutTokens(res, id);
    res.json({ message: 'Token refreshed' });
  });
  return app;
}
