import express from 'express';

/** The ceiling: no authentication at all. */
export default function createApp() {
  const app = express();
  app.get('/guarded', (_req, res) => {
    res.json({ ok: true, id: 'user-1' });
  });
  app.post('/refresh', (_req, res) => {
    res.json({ message: 'Token refreshed' });
  });
  return app;
}
