import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { compilerMessages } from '../helpers/compiler-messages';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/redis.md');

test.each(['ioredis', 'node-redis'])('the app with %s becomes ready', async (name) => {
  const { stdout } = page.run(name) as { stdout: Readable };
  expect(String(await once(stdout, 'data'))).toBe('ready\n');
});

test('clients of all kinds are taken without a cast, of node-redis 6 and 5', async () => {
  const kinds = page.snippet('kinds');
  const client = "import { createClient } from 'redis';\nnew RedisRefreshTokenStore(createClient());\n";
  const withTypes = `${kinds}${client}new RedisRefreshTokenStore(createClient().withTypeMapping({ 36: Buffer }));\n`;
  expect(await compilerMessages({ 'app.mts': withTypes })).toBe('');
  expect(await compilerMessages({ 'app.mts': withTypes.replaceAll("'redis'", "'redis5'") })).toBe('');
});
