// Routes for admins: find an account, end its sessions, disable it.
import express from 'express';

/**
 * @param {import('passport-visa').Auth} auth
 * @param {import('./stores.mjs').Stores['users'] | import('passport-visa').MemoryUserStore} users
 */
export function adminRoutes(auth, users) {
  const router = express.Router();
  // visa: `loadUser` checks the role as it is stored now; the token may be older. Requests from other sites' pages get 403.
  router.use(auth.guard({ roles: ['admin'], loadUser: true }), noStore);

  router.get('/', async (req, res) => {
    const user = await users.findByUsername(String(req.query['username'] ?? ''));
    if (!user) return sendNotFound(res);
    const { id, username, roles, disabled = false } = user;
    const sessions = await auth.sessions.list(id); // visa
    res.json({
      user: { id, username, roles, disabled },
      own: id === req.user?.id,
      sessions: sessions.map(toListed),
    });
  });

  router.patch('/:id', express.json(), async (req, res) => {
    const disabled = req.body?.disabled;
    if (typeof disabled !== 'boolean') {
      res.status(400).json({ code: 'BAD_REQUEST', message: 'disabled must be true or false' });
    } else if (req.params.id === req.user?.id) {
      res.status(409).json({ code: 'OWN_ACCOUNT', message: 'This is your own account' });
    } else if (await users.update(req.params.id, { disabled })) {
      res.status(204).end(); // visa: disabling a user also ends the user's sessions
    } else sendNotFound(res);
  });

  router.delete('/:id/sessions', async (req, res) => {
    await auth.sessions.revokeAll(req.params.id); // visa
    res.status(204).end();
  });

  router.delete('/:id/sessions/:sessionId', async (req, res) => {
    await auth.sessions.revoke(req.params.id, req.params.sessionId); // visa
    res.status(204).end();
  });

  return router;
}

/**
 * Keeps other people's account data out of caches.
 *
 * @param {import('express').Request} _req
 * @param {import('express').Response} res
 * @param {import('express').NextFunction} next
 */
function noStore(_req, res, next) {
  res.set('Cache-Control', 'no-store');
  next();
}

/** The same form as in /auth/sessions. @param {import('passport-visa').Session} session */
function toListed({ sessionId, createdAt, rotatedAt, expiresAt, ip, userAgent }) {
  return {
    id: sessionId,
    createdAt,
    lastUsedAt: rotatedAt,
    expiresAt,
    ip: ip ?? null,
    userAgent: userAgent ?? null,
  };
}

/** @param {import('express').Response} res */
function sendNotFound(res) {
  res.status(404).json({ code: 'USER_NOT_FOUND', message: 'There is no such user' });
}
