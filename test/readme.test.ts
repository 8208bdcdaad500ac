import express from 'express';
import { Redis } from 'ioredis';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'pg';
import request from 'supertest';
import * as passportVisa from '../src';
import { createAuthClient, type AuthClientOptions } from '../src/client';
import { openSite } from './client/browser';
import { ACCESS_SECRET, PASSWORD, REFRESH_SECRET } from './helpers/apps/app';
import { useDocPage } from './helpers/snippets';

const page = useDocPage('README.md');
const { snippet, evaluate, start } = page;
const text = readFileSync(path.join(__dirname, '../README.md'), 'utf8');

const ann = JSON.stringify({ username: 'ann', password: PASSWORD });
const linesOf = (lines: string): object[] =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);

test('a newcomer reads the page in five minutes', () => {
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(12_000);
  expect(text.split('\n').filter((line) => line.startsWith('|') && line.length > 120)).toEqual([]);
  expect(snippet('app').trim().split('\n').length).toBeLessThan(20);
});

test('Quick start: the curl commands get the answers that the page shows', async () => {
  const { address } = await start('app');
  const folder = mkdtempSync(path.join(tmpdir(), 'readme-'));
  try {
    const printed = execFileSync('sh', ['-e', '-c', snippet('try')], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, URL: address },
    });
    const shown = page.unmarked.find((code) => code.includes('Registration successful')) ?? '';
    const [registered, loggedIn, profile] = linesOf(printed);
    expect(linesOf(shown)).toEqual([
      { ...registered, user: { ...(registered as { user: object }).user, id: '8c1f…' } },
      { ...loggedIn, user: { ...(loggedIn as { user: object }).user, id: '8c1f…' } },
      { ...profile, id: '8c1f…', sessionId: 'pT4h…', authTime: '2026-11-02T08:30:00.000Z' },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('Guard routes: each guard does what it says', async () => {
  const browse = await start(['app', 'guards']);
  expect(await (await browse('/')).json()).toEqual({ user: null });
  await browse('/auth/register', { method: 'POST', body: ann });
  await browse('/auth/login', { method: 'POST', body: ann });
  expect((await (await browse('/')).json()) as object).toMatchObject({ user: { roles: [] } });
  expect((await browse('/admin')).status).toBe(403);
  expect(await (await browse('/account')).json()).toMatchObject({ username: 'ann' });
  expect((await browse('/account', { method: 'DELETE' })).status).toBe(200);
});

test('In the browser: the client logs in, and stays logged in', async () => {
  const site = await openSite();
  // In a page, paths are relative to its own origin.
  const inPage = ({ baseUrl }: AuthClientOptions) => {
    const client = createAuthClient({ baseUrl: site.origin + baseUrl, fetch: site.browser() });
    return { ...client, fetch: (path: string) => client.fetch(site.origin + path) };
  };
  const modules = { 'passport-visa/client': { createAuthClient: inPage } };
  const { showProfile } = evaluate('client', modules) as {
    showProfile(username: string, password: string): Promise<{ user: object; profile: object }>;
  };
  expect(await showProfile('ann', PASSWORD)).toMatchObject({ profile: { roles: [] } });
  site.expire();
  expect(await showProfile('ann', 'not needed any more')).toMatchObject({ profile: { roles: [] } });
  expect(site.sentTo('/auth/refresh')).toHaveLength(1);
  await site.close();
});

test('Other Passport strategies: completeLogin makes a session', async () => {
  page.write(
    'partner-strategy.mjs',
    `import passport from 'passport';
    class PartnerStrategy extends passport.Strategy {
      authenticate(req) {
        const id = req.get('x-partner-user');
        if (id) this.success({ id });
        else this.fail();
      }
    }
    export const partnerStrategy = new PartnerStrategy();`,
  );
  const browse = await start(['app', 'strategy']);
  const registered = await browse('/auth/register', { method: 'POST', body: ann });
  const { user } = (await registered.json()) as { user: { id: string } };
  expect((await browse('/auth/partner')).status).toBe(401);
  const login = await browse('/auth/partner', { headers: { 'x-partner-user': user.id } });
  expect(await login.json()).toMatchObject({ message: 'Login successful' });
  expect((await browse('/profile')).status).toBe(200);
});

test('PostgreSQL and Redis: users and sessions are kept there', async () => {
  await new passportVisa.PostgresUserStore(page.database.pool).migrate();
  const settings = {
    DATABASE_URL: page.database.url,
    REDIS_URL: process.env['TEST_REDIS_URL'],
    ACCESS_TOKEN_SECRET: ACCESS_SECRET,
    REFRESH_TOKEN_SECRET: REFRESH_SECRET,
  };
  const before = { ...process.env };
  Object.assign(process.env, settings);
  const made: { auth?: passportVisa.Auth; pool?: Pool; redis?: Redis } = {};
  evaluate('stores', {
    'passport-visa': {
      ...passportVisa,
      createAuth: (options: passportVisa.AuthOptions) => (made.auth = passportVisa.createAuth(options)),
    },
    pg: { Pool: function (options: object) { return (made.pool = new Pool(options)); } },
    ioredis: { Redis: function (url: string) { return (made.redis = new Redis(url)); } },
  }); // prettier-ignore
  process.env = before;
  const { auth, pool, redis } = made as Required<typeof made>;
  try {
    const agent = request.agent(express().use('/auth', auth.router));
    const credentials = { username: 'stored', password: PASSWORD };
    await agent.post('/auth/register').send(credentials).expect(201);
    const login = await agent.post('/auth/login').send(credentials).expect(200);
    const { id } = (login.body as { user: { id: string } }).user;
    const { rows } = await page.database.pool.query('SELECT id FROM visa_users WHERE username = $1', [
      'stored',
    ]);
    expect(rows).toEqual([{ id }]);
    expect(await new passportVisa.RedisRefreshTokenStore(redis).list(id)).toHaveLength(1);
  } finally {
    await auth.close();
    await pool.end();
    redis.disconnect();
  }
});

test('every snippet is run by a test, here or by .ci/run', () => {
  expect(page.unmarked).toEqual([
    'npm ci && npm start',
    'npm ci && npm run setup && npm test',
    'npm init -y\nnpm install passport-visa express passport\nnpx passport-visa secret >> .env',
    expect.stringContaining('"Registration successful"'), // the answers to the curl commands
    expect.stringContaining('theft, the session ends'), // the picture
    'npm install pg ioredis\nnpx passport-visa migrate --env-file .env',
  ]);
  expect(readFileSync(path.join(__dirname, '../.ci/run'), 'utf8')).toContain(
    '{ npm ci && npm run setup && npm test; }',
  );
});
