// An ordinary Express app. The lines that passport-visa adds are marked with "visa".
import express from 'express';
import { AuthError, createAuth, emailAccount, secondFactor } from 'passport-visa';
import { passkeys } from 'passport-visa/passkeys';
import { adminRoutes } from './admin.mjs';
import { isLoopback } from './loopback.mjs';
import { linkPages, pageFiles, securityHeaders, sendPage } from './page.mjs';

/**
 * @param {Pick<import('./stores.mjs').Stores, 'users' | 'refreshTokens'>} stores
 * @param {import('./mail.mjs').Mailing} mailing
 * @param {import('./settings.mjs').Settings & { baseUrl: string }} settings
 */
export function createApp({ users, refreshTokens }, mailing, settings) {
  const rpId = passkeyDomain(settings.baseUrl);
  // visa: one call, with your stores and your secrets
  const auth = createAuth({
    users,
    refreshTokens,
    accessToken: { secret: settings.accessTokenSecret, expiresIn: settings.accessTokenExpiresIn },
    refreshToken: { secret: settings.refreshTokenSecret },
    storeUserAgent: 'label', // the list of devices shows no more than "Chrome 142, Windows"
    // visa: usernames are e-mail addresses. Mails confirm them, replace forgotten passwords, and log in.
    features: [
      emailAccount({
        send: mailing.send,
        baseUrl: settings.baseUrl,
        appName: 'passport-visa example',
        login: ['link', 'code'],
      }),
      // visa: a second step at the login, for users who want one
      secondFactor({ issuer: 'passport-visa example', key: settings.factorKey }),
      // visa: logins without a password
      ...(rpId
        ? [passkeys({ rpId, rpName: 'passport-visa example', origins: new URL(settings.baseUrl).origin })]
        : []),
    ],
  });
  logEvents(auth.events);

  const app = express();
  app.disable('x-powered-by');
  // The limits count by req.ip. Behind a proxy, that is the proxy's address unless this setting names the proxy.
  app.set('trust proxy', settings.trustProxy);

  app.use(securityHeaders());

  // visa: who is logged in, or why no one is. GET /auth/check answers visitors with a 401, which browsers log in the console.
  app.get('/auth/who', auth.guard({ optional: true }), (req, res) => {
    res.set('Cache-Control', 'no-store');
    const mails = mailing.page && isLoopback(req) ? '/mails' : null;
    res.json({ user: req.user ?? null, code: req.user ? null : req.authInfo?.code, mails, rpId });
  });

  app.use('/auth', auth.router); // visa: register, login, refresh, logout, sessions …

  // visa: a public route that knows who is logged in. A browser gets the page, any other client gets JSON.
  app.get('/', auth.guard({ optional: true }), (req, res) => {
    const sendJson = () =>
      res.json({ message: 'Welcome to the passport-visa example', user: req.user ?? null });
    res.format({ json: sendJson, html: () => sendPage(res), default: sendJson });
  });
  app.use(linkPages()); // the links of mails lead here
  app.use(pageFiles());
  if (mailing.page) app.use('/mails', mailing.page);

  // visa: a route for users who are logged in
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

/** Browsers have passkeys on https: pages and on localhost, and never on an IP address. @param {string} baseUrl */
function passkeyDomain(baseUrl) {
  const { protocol, hostname } = new URL(baseUrl);
  const isPossible = hostname === 'localhost' || (protocol === 'https:' && /[a-z]$/.test(hostname));
  return isPossible ? hostname : null;
}

/** @param {import('express').Request} _req @param {import('express').Response} res */
function notFound(_req, res) {
  res.status(404).json({ code: 'NOT_FOUND', message: 'There is nothing here' });
}

/**
 * For unexpected errors. passport-visa answers its own failures.
 *
 * @param {Error & { status?: number }} error
 * @param {import('express').Request} req
 * @param {import('express').Response} res
 * @param {import('express').NextFunction} next
 */
function handleError(error, req, res, next) {
  if (res.headersSent) {
    next(error); // Express closes the connection
  } else if (error instanceof AuthError) {
    // visa: a route of this app needed a store that is down
    if (error.retryAfterSeconds !== undefined) res.set('Retry-After', String(error.retryAfterSeconds));
    res.status(error.status).json(error);
  } else if (error.status && error.status < 500) {
    // Express sets a status below 500 for a client's mistake, such as a path that can't be decoded.
    res.status(error.status).json({ code: 'BAD_REQUEST', message: 'The request is not valid' });
  } else {
    // Headers, body and query hold tokens and passwords. Of the error only the stack: its other members may quote values.
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
