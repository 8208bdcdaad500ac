import { RedisRefreshTokenStore } from '../../../src/index';
import { createTestApp } from '../../helpers/apps/app';
import { connectRedis, randomPrefix } from '../../helpers/apps/backends';

/** A real browser's, with 111 characters. */
const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

const redis = connectRedis();
afterAll(() => redis.quit());

test.each([
  ['full', 328, USER_AGENT],
  ['label', 240, 'Chrome 142, Windows'],
  [false, 200, null],
] as const)(
  'storeUserAgent: %s takes at most %i bytes per session in Redis, and lists %s',
  async (storeUserAgent, limit, listed) => {
    const keyPrefix = randomPrefix();
    const refreshTokens = new RedisRefreshTokenStore(redis, { keyPrefix });
    const testApp = createTestApp({ refreshTokens, storeUserAgent });
    await testApp.register('ann');
    const browsers = [testApp.browser(), testApp.browser(), testApp.browser()];
    for (const browser of browsers) {
      browser.set('User-Agent', USER_AGENT);
      await browser.post('/quick-login').send({ username: 'ann' }).expect(200);
      await browser.post('/auth/refresh').expect(200);
    }
    const [first] = browsers;
    const { body } = (await first?.get('/auth/sessions')) ?? {};
    expect(body.sessions.map(({ userAgent }: { userAgent: unknown }) => userAgent)).toEqual([
      ...[listed, listed, listed],
    ]);

    const keys = (await redis.keys(`${keyPrefix}*`)).filter((key) => !key.includes('attempts'));
    const bytes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
    expect(bytes.reduce<number>((sum, each) => sum + Number(each), 0) / browsers.length).toBeLessThanOrEqual(
      limit,
    );
    await testApp.auth.close();
  },
);
