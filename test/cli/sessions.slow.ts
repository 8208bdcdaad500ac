import { PASSWORD } from '../helpers/apps/app';
import { appDatabase } from '../helpers/apps/app-database';
import { useAppProcesses } from '../helpers/apps/app-processes';
import { randomPrefix } from '../helpers/apps/backends';
import { cli, cliJson } from '../helpers/apps/cli';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/servers/free-port';

const processes = useAppProcesses();

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

describe.each(appDatabase.sessionStores)('sessions in %s', (kind) => {
  const prefix = randomPrefix();
  const env: Record<string, string> = {};
  const options = kind === 'redis' ? ['--redis-prefix', prefix] : [];
  const registered = new Set<string>();
  let address: string;

  beforeAll(async () => {
    env['DATABASE_URL'] = processes.database.url;
    if (kind === 'redis') env['REDIS_URL'] = process.env['TEST_REDIS_URL'] as string;
    address = await processes.start(kind, prefix);
  });

  async function login(username: string, userAgent = 'test'): Promise<Tokens> {
    const post = (path: string, more = {}) =>
      fetch(`${address}/auth/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'User-Agent': userAgent },
        body: JSON.stringify({ username, password: PASSWORD, ...more }),
      });
    if (!registered.has(username)) await post('register');
    registered.add(username);
    return (await (await post('login', { transport: 'body' })).json()) as Tokens;
  }
  async function visit({ accessToken }: Tokens): Promise<string> {
    const response = await fetch(`${address}/profile`, {
      headers: { Authorization: `Bearer ${accessToken}` },
    });
    return response.ok ? 'in' : ((await response.json()) as { code: string }).code;
  }
  /** By another process, which learns of it from the store only. */
  const expectRefused = (tokens: Tokens) =>
    eventually('the guard refuses', async () => (await visit(tokens)) === 'SESSION_REVOKED');

  test('users disable makes another process refuse the user at once, and users enable lets the user log in again', async () => {
    const username = `ann-${kind}`;
    const [tokens, bystander] = [await login(username), await login(`bob-${kind}`)];
    expect(await visit(tokens)).toBe('in');

    const { stdout, stderr, status } = await cli(['users', 'disable', username, ...options], { env });
    await expectRefused(tokens);
    expect([status, stdout, stderr]).toEqual([0, `Disabled "${username}"; sessions ended: 1\n`, '']);
    expect(await visit(bystander)).toBe('in');
    expect(await login(username)).toMatchObject({ code: 'INVALID_CREDENTIALS' });

    const enabled = await cliJson<{ user: object }>(['users', 'enable', username], { env });
    expect(enabled.user).toMatchObject({ username, disabled: false });
    expect(await visit(await login(username))).toBe('in');
    expect(await visit(tokens)).toBe('SESSION_REVOKED');
    const again = await cliJson<{ ended: string[] }>(['users', 'disable', username, ...options], { env });
    expect(again.ended).toHaveLength(1);
  });

  test('a process that starts after users disable refuses the user too', async () => {
    const username = `late-${kind}`;
    const tokens = await login(username);
    await cliJson(['users', 'disable', username, ...options], { env });
    const before = address;
    address = await processes.start(kind, prefix);
    await expectRefused(tokens);
    address = before;
  });

  test('sessions list shows the sessions, and sessions end ends one or all', async () => {
    const username = `carl-${kind}`;
    const first = await login(username, 'evil\u009b2J agent');
    const [second, third] = [await login(username), await login(username)];
    interface Listed {
      sessions: { id: string; userAgent: string; ip: string }[];
    }
    const list = () => cliJson<Listed>(['sessions', 'list', username, ...options], { env });
    const { sessions } = await list();
    expect(sessions.map(({ userAgent }) => userAgent)).toEqual(['test', 'test', 'evil\\u{9b}2J agent']);
    expect(Object.keys(sessions[0] as object)).toEqual([
      ...['id', 'createdAt', 'lastUsedAt', 'expiresAt', 'ip', 'userAgent'],
    ]);
    const table = await cli(['sessions', 'list', username, ...options], { env });
    expect(table.stdout).toMatch(/^ID +LAST USED +EXPIRES +ADDRESS +USER AGENT\n/);
    expect(table.stdout).toContain('evil\\u{9b}2J agent');

    const id = sessions[2]?.id as string;
    const end = (...args: string[]) => cli(['sessions', 'end', username, ...args, ...options], { env });
    expect(await end(id)).toEqual({ status: 0, stdout: 'Sessions ended: 1\n', stderr: '' });
    await expectRefused(first);
    expect(await visit(second)).toBe('in');
    const repeated = await end(id);
    expect([repeated.status, repeated.stderr]).toEqual([
      1,
      `passport-visa: "${username}" has no session ${id}\n`,
    ]);

    expect((await end('--all')).stdout).toBe('Sessions ended: 2\n');
    await expectRefused(third);
    expect(await list()).toEqual({ sessions: [] });
    const none = await cli(['sessions', 'list', username, ...options], { env });
    expect([none.stdout, none.stderr]).toEqual(['', `"${username}" has no sessions\n`]);
  });
});

test("users disable fails and changes nothing when the sessions can't be reached", async () => {
  const users = processes.database.users();
  await users.create({ username: 'dora', passwordHash: null });
  const env = { DATABASE_URL: processes.database.url, REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
  const { status, stderr } = await cli(['users', 'disable', 'dora'], { env });
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^passport-visa: Redis at .* can't be used/)]);
  expect(await users.findByUsername('dora')).toMatchObject({ disabled: false });
});

test('users disable asks to be run again when it could not end the sessions', async () => {
  const users = processes.database.users();
  await users.create({ username: 'dirk', passwordHash: null });
  const args = ['users', 'disable', 'dirk', '--sessions-table', 'not_there'];
  const { status, stderr } = await cli(args, { env: { DATABASE_URL: processes.database.url } });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /"dirk" may be disabled, but it is not certain that all sessions have ended: run this again/,
  );
  expect(stderr).toMatch(/run `npx passport-visa migrate`/);
  expect(
    await cliJson(['users', 'disable', 'dirk'], { env: { DATABASE_URL: processes.database.url } }),
  ).toMatchObject({
    user: { disabled: true },
  });
});
