import express from 'express';
import { expressjwt } from 'express-jwt';
import jwt from 'jsonwebtoken';
import { ACCESS_SECONDS, ACCESS_SECRET } from '../lib/shared-settings.mjs';

export default function createApp() {
  const app = express();
  app.post('/login/:number', (req, res) => {
    const claims = { sub: `user-${req.params.number}`, roles: [] };
    res.json({ accessToken: jwt.sign(claims, ACCESS_SECRET, { expiresIn: ACCESS_SECONDS }) });
  });
  app.get('/guarded', expressjwt({ secret: ACCESS_SECRET, algorithms: ['HS256'] }), (req, res) => {
    res.json({ ok: true, id: /** @type {any} */ (req).auth.sub });
  });
  app.use(answerRefusal);
  return app;
}

/** @type {import('express').ErrorRequestHandler} */
function answerRefusal(error, _req, res, _next) {
  res.status(error.status ?? 500).json({ message: error.message });
}
