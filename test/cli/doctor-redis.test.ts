import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { REDIS_COMMANDS } from '../../src/cli/doctor/check-redis-permissions';
import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { cli } from '../helpers/apps/cli';
import { startRedis, type TestServer } from '../helpers/servers/servers';

const SECRETS = {
  ACCESS_TOKEN_SECRET: 'k3Jq9vR2xLm8TzWn5YpBc7HdFg4SaUe1',
  REFRESH_TOKEN_SECRET: '5f2a9c7e1b3d8046f7a2c9e4b1d6835f',
};
const LIST = REDIS_COMMANDS.map((command) => command.toLowerCase());
let server: TestServer;
let admin: Redis;

beforeAll(async () => {
  server = await startRedis({ args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

async function makeUser(name: string, ...rules: string[]): Promise<string> {
  await admin.call('ACL', 'SETUSER', name, 'reset', 'on', '>a-password', ...rules);
  return `redis://${name}:a-password@127.0.0.1:${server.port}`;
}
/** The doctor's lines about Redis. */
async function diagnose(url: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await cli(['doctor', ...args], { env: { ...SECRETS, REDIS_URL: url } });
  expect(stderr).toBe('');
  expect(stdout).not.toContain('a-password');
  return stdout
    .split('\n')
    .filter((line) => line.includes('  redis: '))
    .join('\n');
}

test('eviction and missing persistence fail, with their cure; once cured, all findings are ok', async () => {
  const keysBefore = await admin.dbsize();
  const report = await diagnose(server.url);
  expect(report).toMatch(
    /^fail {2}redis: maxmemory-policy is allkeys-lru -> set maxmemory-policy noeviction/m,
  );
  expect(report).toMatch(/^fail {2}redis: it keeps nothing on disk: .* -> set appendonly yes/m);
  expect(report).toMatch(/^ok {4}redis: Redis \d+\.\d+/m);
  expect(report).toMatch(/^ok {4}redis: its clock is 0\.\d s/m);
  await admin.config('SET', 'save', '3600 1');
  expect(await diagnose(server.url)).toMatch(/^warn {2}redis: it keeps snapshots only/m);
  await admin.config('SET', 'save', '');
  await admin.config('SET', 'appendonly', 'yes');
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  expect((await diagnose(server.url)).match(/^\w+/gm)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  expect(await admin.dbsize()).toBe(keysBefore); // the doctor wrote nothing
});

describe('a Redis user with the documented commands only', () => {
  let clients: Redis[];
  let url: string;
  const connect = () => {
    const client = new Redis(url);
    clients.push(client);
    return client;
  };
  const newStore = () => new RedisRefreshTokenStore(connect());

  beforeAll(async () => {
    clients = [];
    url = await makeUser('app', '~visa:*', ...LIST.map((command) => `+${command}`));
  });
  afterAll(() => {
    for (const client of clients) client.disconnect();
  });

  const contract = refreshTokenStoreContract(() => newStore());
  const oneTimeTokens = oneTimeTokenStoreContract(() => newStore().oneTimeTokens());
  test.each([...contract, ...oneTimeTokens, ...revocationContract(() => newStore())])('$name', ({ run }) =>
    run(),
  );

  test('can count attempts', async () => {
    const counter = newStore().attemptCounter('login', 60);
    expect(await counter.increment('ann')).toMatchObject({ count: 1 });
    expect(await counter.increment('ann')).toMatchObject({ count: 2 });
    await admin.persist('visa:attempts:login:ann'); // a counter without a time to live gets one
    await counter.increment('ann');
    expect(await admin.pttl('visa:attempts:login:ann')).toBeGreaterThan(0);
    await counter.decrement('ann');
    await counter.hold('ann', 30);
    await counter.reset('ann');
    expect(await counter.increment('ann')).toMatchObject({ count: 1 });
  });

  test('passes the doctor', async () => {
    const report = await diagnose(url);
    expect(report).toMatch(/^ok {4}redis: the user may give all \d+ commands that are needed$/m);
    expect(report).not.toMatch(/^fail/m);
  });

  test('needs every one of them', async () => {
    const stats = await admin.info('commandstats');
    const given = new Set(stats.match(/(?<=cmdstat_)[\w|]+(?=:)/g));
    expect(LIST.filter((command) => !given.has(command))).toEqual([]);
  });
});

test('the documented line grants exactly these commands', () => {
  const page = readFileSync(path.join(__dirname, '../../docs/cli.md'), 'utf8');
  const [line = ''] = /^ACL SETUSER .*$/m.exec(page) ?? [];
  expect(line.match(/(?<=\+)\w+/g)?.sort()).toEqual([...LIST].sort());
});

test('the doctor names the commands that the user lacks, with the rule that grants them', async () => {
  const most = LIST.filter((command) => !['hset', 'xread', 'exec'].includes(command)).map(
    (each) => `+${each}`,
  );
  const report = await diagnose(await makeUser('poor', '~visa:*', ...most));
  expect(report).toMatch(
    /^fail {2}redis: the user may not give EXEC, HSET, XREAD on keys that begin with visa: -> /m,
  );
  expect(report).toContain('ACL SETUSER <user> ~visa:* +exec +hset +xread');
});

test('the doctor notices keys that the rule of an older release leaves out', async () => {
  const keys = ['~visa:{*', '~visa:revocations', '~visa:attempts:*'];
  const report = await diagnose(await makeUser('older', ...keys, '+@all'));
  expect(report).toMatch(/^fail {2}redis: the user may not give HSET on keys that begin with visa: -> /m);
});

test('the doctor notices a user with other keys; --redis-prefix names the prefix of the app', async () => {
  const url = await makeUser('elsewhere', '~shop:*', '+@all');
  expect(await diagnose(url)).toMatch(
    /^fail {2}redis: the user may not give .*HSET.* on keys that begin with visa:/m,
  );
  expect(await diagnose(url, '--redis-prefix', 'shop:')).toMatch(/^ok {4}redis: the user may give all/m);
});

test('if INFO is forbidden, the doctor names what it could not read', async () => {
  const report = await diagnose(await makeUser('blind', '~visa:*', '+@all', '-info'));
  expect(report).toMatch(/^warn {2}redis: version, eviction and persistence can't be read/m);
  expect(report).toMatch(/^fail {2}redis: the user may not give INFO on keys/m);
});

test('a forbidden CONFIG is no failure', async () => {
  await admin.config('SET', 'appendonly', 'no');
  const report = await diagnose(await makeUser('managed', '~*', '+@all', '-config'));
  expect(report).toMatch(/^warn {2}redis: appendonly is no, and whether there are snapshots can't be read/m);
  expect(report).not.toMatch(/^fail/m);
});

test('the doctor reports a wrong password without showing it', async () => {
  await makeUser('locked', '~visa:*', '+@all');
  const report = await diagnose(`redis://locked:a-password-not@127.0.0.1:${server.port}`);
  expect(report).toMatch(
    /^fail {2}redis: Redis at 127\.0\.0\.1:\d+ can't be used: WRONGPASS.* -> the server is there and refuses: /m,
  );
});
