import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import jwt from 'jsonwebtoken';
import { ACCESS_SECONDS, ACCESS_SECRET, AUDIENCE, ISSUER } from '../lib/shared-settings.mjs';

export default function createApp() {
  const guard = auth({ issuer: ISSUER, audience: AUDIENCE, secret: ACCESS_SECRET, tokenSigningAlg: 'HS256' });
  const app = express();
  app.post('/login/:number', (req, res) => {
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: `user-${req.params.number}`, roles: [] };
    res.json({ accessToken: jwt.sign(claims, ACCESS_SECRET, { expiresIn: ACCESS_SECONDS }) });
  });
  app.get('/guarded', guard, (req, res) => {
    res.json({ ok: true, id: req.auth?.payload.sub });
  });
  app.use(answerRefusal);
  return app;
}

/** @type {import('express').ErrorRequestHandler} */
function answerRefusal(error, _req, res, _next) {
  res.status(error.status ?? 500).json({ message: error.message });
}
