import request from 'supertest';
import { appDatabase, type AppDatabase } from '../helpers/apps/app-database';
import { cli, cliJson } from '../helpers/apps/cli';
import { emailApp, NEW_PASSWORD, tokenOf } from '../features/email-account/email-app';

let database: AppDatabase;
let env: Record<string, string>;
let users: ReturnType<AppDatabase['users']>;
let refreshTokens: ReturnType<AppDatabase['sessions']>;
beforeAll(async () => {
  database = await appDatabase.open();
  env = { DATABASE_URL: database.url, BASE_URL: 'https://app.example.com/' };
  users = database.users();
  refreshTokens = database.sessions();
  await users.migrate();
  await refreshTokens.migrate();
  await users.create({ username: 'ann@example.com', passwordHash: null });
  await users.create({ username: 'bob', passwordHash: null });
});
afterAll(() => database.close());

test('users reset-link prints a link that sets a password in the app, and a record for its audit log', async () => {
  const result = await cli(['users', 'reset-link', 'Ann@example.com'], { env });
  expect(result.status).toBe(0);
  expect(result.stdout).toMatch(/^https:\/\/app\.example\.com\/reset-password#token=[\w-]{32}\n$/);
  expect(result.stderr).toContain('"event":"passwordResetAsked"');
  expect(result.stderr).not.toContain(tokenOf({ url: result.stdout.trim() } as never));

  const email = emailApp({ stores: { users, refreshTokens } });
  const body = { token: tokenOf({ url: result.stdout.trim() } as never), newPassword: NEW_PASSWORD };
  expect((await request(email.app).post('/auth/password/reset').send(body)).status).toBe(200);
  const login = { username: 'ann@example.com', password: NEW_PASSWORD };
  expect((await request(email.app).post('/auth/login').send(login)).status).toBe(200);
  await email.auth.close();
});

test('users reset-link takes the page and the lifetime of the app, and prints JSON', async () => {
  const options = ['--base-url', 'https://b.example.com', '--path', '/neu', '--lifetime', '1h', '--json'];
  const printed = await cliJson<{ url: string; expiresAt: string }>(
    ['users', 'reset-link', 'ann@example.com', ...options],
    { env },
  );
  expect(printed.url).toMatch(/^https:\/\/b\.example\.com\/neu#token=/);
  expect(Date.parse(printed.expiresAt) - Date.now()).toBeGreaterThan(30 * 60_000);
});

test('users verify marks the address of a user as proved', async () => {
  const result = await cli(['users', 'verify', 'ann@example.com'], { env });
  expect(result).toMatchObject({ status: 0, stdout: 'The address of "ann@example.com" counts as proved\n' });
  const ann = await users.findByUsername('ann@example.com');
  expect(await users.credentials().list(ann?.id ?? '')).toMatchObject([{ kind: 'verified-address' }]);
});

test('both name what is wrong', async () => {
  const run = (...args: string[]) => cli(['users', ...args], { env: { DATABASE_URL: database.url } });
  expect(await run('reset-link', 'ann@example.com')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('--base-url https://app.example.com') as string,
  });
  const wrongs: [string[], string][] = [
    [['reset-link', 'ann@example.com', '--base-url', 'app.example.com'], 'baseUrl must be an http(s) URL'],
    [
      ['reset-link', 'ann@example.com', '--base-url', 'https://a.example', '--lifetime', 'soon'],
      'lifetimes.reset must be',
    ],
    [['reset-link', 'bob', '--base-url', 'https://a.example'], 'is no e-mail address'],
    [['verify', 'bob'], 'is no e-mail address'],
    [['verify', 'eve@example.com'], 'There is no user "eve@example.com"'],
  ];
  for (const [args, text] of wrongs) {
    const { status, stdout, stderr } = await run(...args);
    expect([args, stdout, stderr]).toEqual([args, '', expect.stringContaining(text)]);
    expect(status).not.toBe(0);
  }
});
