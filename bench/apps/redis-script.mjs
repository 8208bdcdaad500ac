import express from 'express';
import { Redis } from 'ioredis';

/**
 * The ceiling for everything that calls Redis once: one script that does nothing.
 *
 * @param {{ redisUrl: string }} settings
 */
export default function createApp({ redisUrl }) {
  const redis = /** @type {any} */ (new Redis(redisUrl));
  redis.defineCommand('trivial', { numberOfKeys: 1, lua: 'return 1' });
  const app = express();
  app.post('/refresh', async (_req, res) => {
    await redis.trivial('trivial');
    res.json({ message: 'Token refreshed' });
  });
  return app;
}
