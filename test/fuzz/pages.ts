import type { Express, RequestHandler } from 'express';
import type { Auth, GuardOptions } from '../../src';

const GUARDS: Record<string, GuardOptions> = {
  plain: {},
  member: { roles: ['member', 'admin'] },
  admin: { roles: ['admin'] },
  fresh: { freshWithin: 1 },
  checked: { checkSession: true },
  loaded: { loadUser: true },
  optional: { optional: true },
  renewing: { renew: true },
  'renewing-optional': { renew: true, optional: true, loadUser: true, checkSession: true },
};

/** Answers with everything that a guard sets on the request. */
const show: RequestHandler = (req, res) =>
  void res.json({ user: req.user ?? null, info: req.authInfo ?? null });

/** Mounts every kind of guard and form, and an answer of the app's own for all other requests. */
export function mountPages(app: Express, auth: Auth): void {
  for (const [name, options] of Object.entries(GUARDS)) app.all(`/page/${name}`, auth.guard(options), show);
  app.post('/form/login', auth.login({ redirectTo: '/home', failureRedirect: '/login' }));
  app.post('/form/login-plain', auth.login());
  app.get('/form/logout', auth.logout());
  app.post('/form/logout', auth.logout());
  app.use(auth.errorHandler);
  app.use((_req, res) => void res.status(404).json({ code: 'APP_NOT_FOUND' }));
}

/** Every endpoint that the router describes (so none is forgotten) and the pages above, in the form `GET /auth/check`. */
export function endpointsOf(auth: Auth): string[] {
  const described = Object.entries(auth.openapi().paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} /auth${path}`),
  );
  const guarded = Object.keys(GUARDS).map((name, n) => `${n % 2 ? 'GET' : 'POST'} /page/${name}`);
  return [
    ...described,
    ...guarded,
    'GET /auth/openapi.json',
    'POST /form/login',
    'POST /form/login-plain',
    'GET /form/logout',
    'POST /form/logout',
  ];
}
