import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { newFollower } from './samples';

test('a hundred stores of one client make no leak of listeners', async () => {
  const redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  try {
    const stores = Array.from({ length: 100 }, () => new RedisRefreshTokenStore(redis));
    const feeds = stores.map((store) => store.followRevocations(newFollower()));
    expect(await Promise.all(stores.map((store) => store.list('nobody')))).toEqual(stores.map(() => []));
    for (const event of ['error', 'ready', 'end', 'close'])
      expect(redis.listenerCount(event)).toBeLessThanOrEqual(1);
    for (const feed of feeds) feed.close();
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  } finally {
    process.off('warning', note);
    redis.disconnect();
  }
});
