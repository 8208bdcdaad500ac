import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src/index';
import { randomPrefix } from '../helpers/apps/backends';
import { ENDS_AT_ONCE } from '../helpers/apps/redis-clients';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { REAL, useCallTimes } from '../helpers/call-times';
import { startStopwatch } from '../helpers/within';

test('a connection that looks open but is silent is replaced, so the store recovers by itself', async () => {
  const proxy = await startTcpProxy(Number(new URL(process.env['TEST_REDIS_URL'] ?? '').port));
  const redis = new Redis(`redis://127.0.0.1:${proxy.port}`, ENDS_AT_ONCE);
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const answers = () => store.list('ann').then(() => true, () => false); // prettier-ignore
  try {
    expect(await answers()).toBe(true);
    useCallTimes(REAL);
    proxy.silence();
    const elapsed = startStopwatch();
    expect(await Promise.all(Array.from({ length: 5 }, answers))).toEqual(
      Array.from({ length: 5 }, () => false),
    );
    while (!(await answers())) {
      expect(elapsed()).toBeLessThan(10_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    redis.disconnect();
    await proxy.close();
  }
});
