import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';
import passport from 'passport';
import { ACCESS_SECRET, REFRESH_SECONDS } from '../lib/shared-settings.mjs';

/**
 * @param {object} settings
 * @param {string} settings.redisUrl
 * @param {boolean} [settings.rolling] every response renews the cookie
 * @param {boolean} [settings.storeDevice] stores what a list of devices shows: address, user agent, time of login
 */
export default function createApp({ redisUrl, rolling = false, storeDevice = false }) {
  passport.serializeUser((user, done) => done(null, /** @type {{ id: string }} */ (user).id));
  passport.deserializeUser((id, done) => done(null, { id }));

  const app = express();
  app.use(
    session({
      store: new RedisStore({ client: new Redis(redisUrl) }),
      secret: ACCESS_SECRET,
      resave: false,
      saveUninitialized: false,
      rolling,
      cookie: { maxAge: REFRESH_SECONDS * 1000, sameSite: 'strict' },
    }),
  );
  app.use(passport.session());

  app.post('/login/:number', (req, res, next) => {
    req.login({ id: `user-${req.params.number}` }, (error) => {
      if (error) return next(error);
      if (storeDevice) {
        const device = { ip: req.ip, userAgent: req.get('user-agent'), createdAt: Date.now() };
        Object.assign(req.session, device);
      }
      res.json({ message: 'Login successful' });
    });
  });
  app.get('/guarded', requireLogin, (req, res) => {
    res.json({ ok: true, id: /** @type {{ id: string }} */ (req.user).id });
  });
  app.post('/refresh', requireLogin, (_req, res) => {
    res.json({ message: 'Token refreshed' });
  });
  return app;
}

/** @type {import('express').RequestHandler} */
function requireLogin(req, res, next) {
  if (req.isAuthenticated()) next();
  else res.status(401).json({ message: 'Unauthorized' });
}
