import { RedisRefreshTokenStore } from '../../src';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { cliProcess, MAIN } from '../helpers/apps/cli';
import { installedWithout, type InstalledCopy } from '../helpers/apps/installed-copy';
import { newSession } from '../stores/samples';

/** An app that has installed node-redis, and no ioredis. */
let copy: InstalledCopy;
let main: string;
const admin = connectRedis();
beforeAll(() => {
  copy = installedWithout('ioredis');
  main = copy.main;
});
afterAll(() => {
  admin.disconnect();
  copy.remove();
});

/** What the doctor says of Redis, over node-redis and over ioredis. Another process may change what INFO says. */
async function diagnose(url: string): Promise<[overNodeRedis: string[], overIoredis: string[]]> {
  const linesOf = async (program: string) => {
    const { stdout, stderr } = await cliProcess(['doctor'], { main: program, env: { REDIS_URL: url } });
    expect(stderr).toBe('');
    expect(stdout).not.toContain('a-password');
    // Each looks at a moment of its own, and two clocks that agree differ by less than a tenth of a second either way.
    const lines = stdout.replace(/clock is 0\.0 s (ahead of|behind)/g, 'clock is 0.0 s off').split('\n');
    return lines.filter((line) => line.includes('  redis: '));
  };
  return Promise.all([linesOf(main), linesOf(MAIN)]);
}

test('the doctor finds the same over node-redis as over ioredis: of a server, and of users who may do little', async () => {
  const url = new URL(process.env['TEST_REDIS_URL'] as string);
  const username = `few-rights-${randomPrefix().slice(5, 18)}`;
  await admin.call('ACL', 'SETUSER', username, 'on', '>a-password', '~visa:*', '+evalsha', '+multi', '+exec');
  const asUser = Object.assign(new URL(url), { username, password: 'a-password' });
  const wrong = Object.assign(new URL(asUser), { password: 'a-password-that-is-wrong' });
  const nowhere = Object.assign(new URL(url), { port: '1' });
  const found = await Promise.all([url, asUser, wrong, nowhere].map(({ href }) => diagnose(href)));
  await admin.call('ACL', 'DELUSER', username);
  for (const [overNodeRedis, overIoredis] of found.slice(0, 3)) expect(overNodeRedis).toEqual(overIoredis);
  expect(found[0]?.[0].join('\n')).toContain('the user may give all');
  expect(found[1]?.[0].join('\n')).toContain('the user may not give');
  expect(found[2]?.[0].join('\n')).toContain('the server is there and refuses');
  expect(found[3]?.[0].join('\n')).toContain('start the server');
});

test('sessions are listed and ended over node-redis', async () => {
  const keyPrefix = randomPrefix();
  const store = new RedisRefreshTokenStore(admin, { keyPrefix });
  await store.create(newSession('ann', 'one'));
  const options = ['--id', 'ann', '--redis-prefix', keyPrefix];
  const env = { REDIS_URL: process.env['TEST_REDIS_URL'] };
  const listed = await cliProcess(['sessions', 'list', ...options, '--json'], { main, env });
  expect(JSON.parse(listed.stdout)).toMatchObject({ sessions: [{ id: 'one' }] });
  const ended = await cliProcess(['sessions', 'end', '--all', ...options], { main, env });
  expect(ended).toMatchObject({ status: 0, stdout: 'Sessions ended: 1\n' });
  expect(await store.list('ann')).toEqual([]);
});
