// An Express app as you may already have one. What passport-visa adds is marked with "visa".
import express from 'express';
import { AuthError, createAuth } from 'passport-visa';
import { adminRoutes } from './admin.mjs';
import { pageFiles, securityHeaders, sendPage } from './page.mjs';

/**
 * @param {Pick<import('./stores.mjs').Stores, 'users' | 'refreshTokens'>} stores
 * @param {import('./settings.mjs').Settings} settings
 */
export function createApp({ users, refreshTokens }, settings) {
  // visa: one call, with your stores and your secrets
  const auth = createAuth({
    users,
    refreshTokens,
    accessToken: { secret: settings.accessTokenSecret, expiresIn: settings.accessTokenExpiresIn },
    refreshToken: { secret: settings.refreshTokenSecret },
    storeUserAgent: 'label', // "Chrome 142, Windows" is all that the list of devices shows
  });
  logEvents(auth.events);

  const app = express();
  app.disable('x-powered-by');
  // Limits count by req.ip, which behind a proxy is the proxy's address unless Express is told.
  app.set('trust proxy', settings.trustProxy);

  app.use(securityHeaders());

  app.use('/auth', auth.router); // visa: register, login, refresh, logout, sessions …

  // visa: a route for everybody, that knows who is there. A browser gets the page, any other client JSON.
  app.get('/', auth.guard({ optional: true }), (req, res) => {
    const sendJson = () =>
      res.json({ message: 'Welcome to the passport-visa example', user: req.user ?? null });
    res.format({ json: sendJson, html: () => sendPage(res), default: sendJson });
  });
  app.use(pageFiles());

  // visa: a route for those who are logged in
  app.get('/profile', auth.tokenVerify, (req, res) => {
    res.json({ message: 'You are logged in', user: req.user });
  });

  // visa: a route for admins
  app.get('/admin', auth.guard({ roles: ['admin'] }), (_req, res) => {
    res.json({ message: 'You are an admin' });
  });

  app.use('/admin/users', adminRoutes(auth, users));

  app.use(notFound);
  app.use(handleError);
  return { app, auth };
}

/** @param {import('express').Request} _req @param {import('express').Response} res */
function notFound(_req, res) {
  res.status(404).json({ code: 'NOT_FOUND', message: 'There is nothing here' });
}

/**
 * passport-visa answers its own failures; here arrives what nobody foresaw.
 *
 * @param {Error & { status?: number }} error
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 * @param {import('express').NextFunction} next
 */
function handleError(error, req, res, next) {
  if (res.headersSent) {
    next(error); // Express breaks the connection off
  } else if (error instanceof AuthError) {
    // visa: a store that is down, when a route of this app asks it
    if (error.retryAfterSeconds !== undefined) res.set('Retry-After', String(error.retryAfterSeconds));
    res.status(error.status).json(error);
  } else if (error.status && error.status < 500) {
    // Express marks what is the client's mistake, such as a path that can't be decoded.
    res.status(error.status).json({ code: 'BAD_REQUEST', message: 'The request is not valid' });
  } else {
    // Neither headers, body nor query, which hold tokens and passwords; the stack alone, since other members may quote values.
    console.error(`${req.method} ${req.baseUrl}${req.path} failed:`, error.stack);
    res.status(500).json({ code: 'INTERNAL_ERROR', message: 'Something went wrong' });
  }
}

/** @param {import('passport-visa').AuthEvents} events */
function logEvents(events) {
  events.on('login', ({ userId, ip }) => console.log('login', { userId, ip }));
  events.on('reuse', ({ userId, sessionId }) => console.warn('stolen token', { userId, sessionId }));
  events.on('unavailable', ({ error }) => console.error('unavailable:', String(error.cause ?? error)));
}
