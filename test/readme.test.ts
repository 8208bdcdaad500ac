import { hashSync } from 'bcryptjs';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { PostgresUserStore, type UserStore } from '../src';
import { createAuthClient, type AuthClientOptions } from '../src/client';
import { userStoreContract } from '../src/testing';
import { openSite } from './client/browser';
import { runContract } from './contract/run-contract';
import { passwordHash } from './helpers/apps/limited-app';
import { createTestApp, PASSWORD } from './helpers/apps/app';
import { startRedis } from './helpers/servers/servers';
import { useDocPage } from './helpers/snippets';

const page = useDocPage('README.md');
const { snippet, evaluate, run, start } = page;

const ann = JSON.stringify({ username: 'ann', password: PASSWORD });

test('Quick start: register, log in, pass the guard', async () => {
  expect(snippet('mount').trim().split('\n').length).toBeLessThan(20);
  const browse = await start('mount');
  expect((await browse('/profile')).status).toBe(401);
  expect((await browse('/auth/register', { method: 'POST', body: ann })).status).toBe(201);
  expect((await browse('/auth/login', { method: 'POST', body: ann })).status).toBe(200);
  expect(await (await browse('/profile')).json()).toMatchObject({ roles: [] });
});

test('Guard routes: each guard does what it says', async () => {
  const browse = await start('guards');
  expect(await (await browse('/')).json()).toEqual({ user: null });
  await browse('/auth/register', { method: 'POST', body: ann });
  await browse('/auth/login', { method: 'POST', body: ann });
  expect((await (await browse('/')).json()) as object).toMatchObject({ user: { roles: [] } });
  expect((await browse('/admin')).status).toBe(403);
  expect(await (await browse('/account')).json()).toMatchObject({ username: 'ann' });
  expect((await browse('/account', { method: 'DELETE' })).status).toBe(200);
});

test('Instant sign-out: a disabled user is refused in the other process too', async () => {
  const [here, there] = [await start('instant'), await start('instant')];
  const credentials = JSON.stringify({ username: 'leaver', password: PASSWORD });
  const boss = JSON.stringify({ username: 'boss', password: PASSWORD });
  for (const body of [credentials, boss]) await here('/auth/register', { method: 'POST', body });
  await page.database.pool.query("UPDATE visa_users SET roles = '{admin}' WHERE username = 'boss'");
  await there('/auth/login', { method: 'POST', body: credentials });
  const { id } = (await (await there('/profile')).json()) as { id: string };
  expect((await there('/transfers', { method: 'POST' })).status).toBe(200);

  await here('/auth/login', { method: 'POST', body: boss });
  const disabled = await here(`/users/${id}/disable`, { method: 'POST' });
  expect(await disabled.json()).toEqual({ known: true });
  const refused = async () => ((await (await there('/profile')).json()) as { code?: string }).code;
  for (let tries = 0; (await refused()) !== 'SESSION_REVOKED'; tries += 1) expect(tries).toBeLessThan(500);
});

test('Other Passport strategies: completeLogin makes a session', async () => {
  const browse = await start('strategy', { PARTNER_KEY: 'the key of the partner' });
  expect((await browse('/auth/partner')).status).toBe(401);
  const headers = { 'x-partner-key': 'the key of the partner' };
  expect(await (await browse('/auth/partner', { headers })).json()).toMatchObject({
    message: 'Login successful',
  });
  expect((await browse('/profile')).status).toBe(200);
});

test('the command for a secret makes one that is long enough', () => {
  const secret = execFileSync('sh', ['-c', snippet('secret')], { encoding: 'utf8' }).trim();
  expect(Buffer.from(secret, 'base64')).toHaveLength(48);
});

describe('An existing users table', () => {
  const old = { username: 'Old.Friend@Example.com', password: 'long since known' };

  beforeAll(async () => {
    await page.database.pool.query(`
      CREATE TABLE accounts (id serial PRIMARY KEY, email text NOT NULL, password_hash text);
      CREATE UNIQUE INDEX ON accounts (lower(email))`);
    await page.database.pool.query('INSERT INTO accounts (email, password_hash) VALUES ($1, $2)', [
      old.username,
      hashSync(old.password, 4).replace('$2b$', '$2a$'),
    ]);
  });

  test('copied: users log in with old hashes, which are then replaced', async () => {
    const users = new PostgresUserStore(page.database.pool);
    await users.migrate();
    await page.database.pool.query(snippet('existing-table'));
    const { client, auth } = createTestApp({ users });
    const login = await client()
      .post('/auth/login')
      .send({ ...old, username: 'old.friend@example.com' });
    expect(login.body.user).toEqual({ id: '1', username: old.username, roles: ['member'] });
    expect((await users.findById('1'))?.passwordHash).toMatch(/^\$2b\$10\$/);
    await auth.close();
  });

  describe('kept: the store keeps the contract of users', () => {
    const makeStore = () => {
      const { AccountStore } = evaluate('own-store') as { AccountStore: new (pool: unknown) => UserStore };
      return new AccountStore(page.database.pool);
    };
    const newUser = () => ({ username: `Ann.${randomUUID()}@example.com`, passwordHash });
    runContract(userStoreContract(makeStore, { newUser, without: ['roles'] }));
  });

  test('kept: a store for the table registers, logs in and changes the password', async () => {
    const { AccountStore } = evaluate('own-store') as { AccountStore: new (pool: unknown) => UserStore };
    const testApp = createTestApp({ users: new AccountStore(page.database.pool) });
    await testApp.register('new@example.com');
    const taken = await testApp
      .client()
      .post('/auth/register')
      .send({ username: 'NEW@example.com', password: PASSWORD });
    expect(taken.body.code).toBe('USERNAME_TAKEN');
    const browser = await testApp.loggedIn('New@Example.com');
    const change = { currentPassword: PASSWORD, newPassword: 'another phrase 42' };
    expect((await browser.post('/auth/password').send(change)).status).toBe(200);
    expect((await browser.get('/auth/info')).body.user).toMatchObject({ roles: ['member'] });
    await testApp.auth.close();
  });
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

describe('In your own tests', () => {
  evaluate('jest');
});

test('Sessions and events: the snippet runs without an error', async () => {
  const [code] = (await once(run('server-code'), 'exit')) as [number | null];
  expect(code).toBe(0);
});

test('Production: Redis accepts the configuration', async () => {
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

test('every snippet is run by a test, here or by .ci/run', () => {
  expect(page.unmarked).toEqual([
    'npm ci && npm start',
    'npm ci && npm run setup && npm test',
    'npm install passport-visa express passport pg ioredis',
  ]);
  expect(readFileSync(path.join(__dirname, '../.ci/run'), 'utf8')).toContain(
    '{ npm ci && npm run setup && npm test; }',
  );
});
