import { Redis } from 'ioredis';
import { execFileSync } from 'node:child_process';
import { startRedis } from '../helpers/servers/servers';
import { useDocPage } from '../helpers/snippets';

const { snippet } = useDocPage('docs/production.md');

test('the command for a secret makes one that is long enough', () => {
  const secret = execFileSync('sh', ['-c', snippet('secret')], { encoding: 'utf8' }).trim();
  expect(Buffer.from(secret, 'base64')).toHaveLength(48);
});

test('Redis accepts the configuration', async () => {
  const args = snippet('redis-conf').trim().split('\n').flatMap((line) => {
    const [directive = '', value = ''] = line.trim().split(' ');
    return [`--${directive}`, value];
  }); // prettier-ignore
  const server = await startRedis({ args });
  const redis = new Redis(server.url);
  try {
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
  } finally {
    redis.disconnect();
    await server.stop();
  }
});
