import { hashSync } from 'bcryptjs';
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { PostgresUserStore, type UserStore } from '../../src';
import { userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { passwordHash } from '../helpers/apps/limited-app';
import { useDocPage } from '../helpers/snippets';

const page = useDocPage('docs/own-users-table.md');
const { snippet, evaluate } = page;

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

  test('mapped: users log in whatever the case of their name, and new ones register', async () => {
    await page.database.pool.query(
      'ALTER TABLE accounts ADD COLUMN is_admin boolean NOT NULL DEFAULT false, ADD COLUMN active boolean NOT NULL DEFAULT true',
    );
    await page.database.pool.query('UPDATE accounts SET is_admin = true');
    process.env['DATABASE_URL'] = page.database.url;
    const { users, pool } = evaluate('mapping') as { users: PostgresUserStore; pool: Pool };
    await users.migrate();
    const { client, auth, register } = createTestApp({ users });
    await auth.ready();
    const login = await client()
      .post('/auth/login')
      .send({ ...old, username: 'OLD.friend@example.com' });
    expect(login.body.user).toEqual({ id: '1', username: old.username, roles: ['admin', 'member'] });
    await register('mapped@example.com');
    const { rows } = await page.database.pool.query(
      "SELECT active FROM accounts WHERE email = 'mapped@example.com'",
    );
    expect(rows).toEqual([{ active: true }]);
    await page.database.pool.query(
      'DROP TABLE accounts_usernames, accounts_identities, accounts_credentials',
    );
    await page.database.pool.query("DELETE FROM accounts WHERE email = 'mapped@example.com'");
    await auth.close();
    await pool.end();
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
