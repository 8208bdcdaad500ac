import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PostgresUserStore } from '../../src/index';
import { PASSWORD } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/getting-started.md');

test('the first app does what the curl commands show', async () => {
  const { address } = await page.start('app');
  const folder = mkdtempSync(path.join(tmpdir(), 'getting-started-'));
  try {
    const printed = execFileSync('sh', ['-e', '-c', page.snippet('try')], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, URL: address },
    });
    const answers = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(answers).toMatchObject([
      { message: 'Registration successful', user: { username: 'ann' } },
      { message: 'Login successful' },
      { roles: [] },
      { message: 'Token refreshed' },
      { sessions: [{ current: true }] },
      { message: 'User Logout' },
      // Some versions of curl keep a cookie that the server deleted. Its token is then refused.
      { code: expect.stringMatching(/^(NO_ACCESS_TOKEN|SESSION_REVOKED)$/) },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the app with PostgreSQL and Redis keeps people logged in', async () => {
  await new PostgresUserStore(page.database.pool).migrate();
  const browse = await page.start('stores');
  const body = JSON.stringify({ username: 'ann', password: PASSWORD });
  expect((await browse('/auth/register', { method: 'POST', body })).status).toBe(201);
  expect((await browse('/auth/login', { method: 'POST', body })).status).toBe(200);
  expect((await browse('/profile')).status).toBe(200);
});
