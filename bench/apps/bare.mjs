import express from 'express';

/** The ceiling: nothing is asked of anybody. */
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
