import express, { type Express } from 'express';
import express4 from 'express4';
import { AUTH_FAILURES, AuthError, createAuth, MemoryUserStore } from '../../../src/index';
import type { Auth, AuthErrorCode, AuthOptions } from '../../../src/index';
import { optionsWith } from './options';

const FACTORIES = { 'Express 5': express, 'Express 4': express4 };
export const EXPRESSES = Object.keys(FACTORIES) as (keyof typeof FACTORIES)[];

export interface LanguageApp {
  app: Express;
  auth: Auth;
  users: MemoryUserStore;
}

/** An app with the router at /auth, every kind of guard, and /fail/:code for every code. */
export function createLanguageApp(
  which: keyof typeof FACTORIES,
  options: Pick<AuthOptions, 'locale' | 'messages'> = {},
): LanguageApp {
  const users = new MemoryUserStore();
  const auth = createAuth({
    ...optionsWith({ users }),
    password: { cost: 10, long: 'refuse' },
    limits: { register: false },
    ...options,
  });
  const app = FACTORIES[which]();
  app.use('/auth', auth.router);
  const vary: express.RequestHandler = (_req, res, next) => {
    res.vary('Origin');
    next();
  };
  app.get('/profile', auth.tokenVerify, (_req, res) => void res.json({}));
  app.get('/admin', auth.guard({ roles: ['admin'] }), (_req, res) => void res.json({}));
  app.get('/stored', auth.guard({ loadUser: true }), (_req, res) => void res.json({}));
  app.get('/varied', vary, auth.tokenVerify);
  app.get('/fail/:code', (req) => {
    throw new AuthError(req.params.code as AuthErrorCode);
  });
  const asUser: express.RequestHandler = (req, _res, next) => {
    req.user = { id: req.query['id'] } as Express.User;
    next();
  };
  app.get('/complete', asUser, auth.completeLogin());
  app.get('/complete-redirect', asUser, auth.completeLogin({ redirectTo: '/' }));
  app.use(auth.errorHandler);
  return { app, auth, users };
}

export const CODES = Object.keys(AUTH_FAILURES) as AuthErrorCode[];
