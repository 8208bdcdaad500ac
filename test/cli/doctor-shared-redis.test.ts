import { Redis } from 'ioredis';
import { PostgresUserStore, RedisRefreshTokenStore } from '../../src';
import { createDatabase } from '../helpers/apps/backends';
import { cli } from '../helpers/apps/cli';
import { startRedis } from '../helpers/servers/servers';
import { newSession } from '../stores/samples';

test('the doctor warns if Redis has sessions of users whom the app does not have', async () => {
  const [server, database] = [await startRedis(), await createDatabase()];
  const redis = new Redis(server.url);
  try {
    const users = new PostgresUserStore(database.pool);
    await users.migrate();
    const { id } = await users.create({ username: 'ann', passwordHash: null });
    const diagnose = async (...args: string[]) => {
      const env = { REDIS_URL: server.url, DATABASE_URL: database.url };
      return (await cli(['doctor', ...args], { env })).stdout;
    };
    await new RedisRefreshTokenStore(redis).create(newSession(id, 'hers'));
    expect(await diagnose()).not.toContain('are not in the table of users');
    await new RedisRefreshTokenStore(redis).create(newSession('7', 'of another app'));
    expect(await diagnose()).toMatch(
      /^warn {2}redis: 1 of 2 users who have sessions under the prefix visa: are not .* -> .* a keyPrefix of its own/m,
    );
    await new RedisRefreshTokenStore(redis, { keyPrefix: 'shop:' }).create(newSession(id, 'apart'));
    expect(await diagnose('--redis-prefix', 'shop:')).not.toContain('are not in the table of users');
  } finally {
    redis.disconnect();
    await database.close();
    await server.stop();
  }
});

test('two apps with a prefix each do not see or end the sessions of each other', async () => {
  const server = await startRedis();
  const redis = new Redis(server.url);
  try {
    const shop = new RedisRefreshTokenStore(redis, { keyPrefix: 'shop:' });
    const blog = new RedisRefreshTokenStore(redis, { keyPrefix: 'blog:' });
    await shop.create(newSession('1', 'one'));
    await blog.create(newSession('1', 'two'));
    expect(await blog.revokeAll('1')).toEqual(['two']);
    expect((await shop.list('1')).map(({ sessionId }) => sessionId)).toEqual(['one']);
  } finally {
    redis.disconnect();
    await server.stop();
  }
});
