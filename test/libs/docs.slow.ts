import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Auth } from '../../src';
import type { AppTableUserStore } from '../../src/stores/app-table/app-table-user-store';
import { ACCESS_SECRET, REFRESH_SECRET } from '../helpers/apps/app';
import { useDocPage } from '../helpers/snippets';

interface Snippet {
  auth: Auth;
  users: AppTableUserStore;
  start(): Promise<void>;
  db: Record<string, unknown>;
}

const ENTRIES: Record<string, unknown> = {
  ...modules(
    'knex',
    'kysely',
    'pg',
    'drizzle-orm/node-postgres',
    'drizzle-orm/pg-core',
    '@prisma/adapter-pg',
  ),
  './generated/client.js': load('@clients/postgres'),
  'passport-visa/knex': load('../../src/stores/knex'),
  'passport-visa/kysely': load('../../src/stores/kysely'),
  'passport-visa/drizzle': load('../../src/stores/drizzle'),
  'passport-visa/prisma': load('../../src/stores/prisma'),
};

function load(name: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(name);
}

function modules(...names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, load(name)]));
}

describe.each([
  ['knex', () => useDocPage('docs/knex.md'), 'destroy'],
  ['kysely', () => useDocPage('docs/kysely.md'), 'destroy'],
  ['drizzle', () => useDocPage('docs/drizzle.md'), '$client'],
  ['prisma', () => useDocPage('docs/prisma.md'), '$disconnect'],
])('docs/%s.md', (name, usePage, end) => {
  let shown: Snippet;
  // Before the page ends its database.
  afterAll(async () => {
    await shown.auth.close();
    const { db } = shown as { db: Record<string, unknown> };
    if (end === '$client') await (db[end] as { end(): Promise<void> }).end();
    else await (db[end] as () => Promise<void>).call(db);
  });
  const page = usePage();

  beforeAll(async () => {
    await page.database.pool
      .query(`CREATE TABLE accounts (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
      email text NOT NULL UNIQUE, password_hash text, roles text[] NOT NULL DEFAULT '{}', active boolean NOT NULL DEFAULT true)`);
    Object.assign(process.env, {
      DATABASE_URL: page.database.url,
      ACCESS_TOKEN_SECRET: ACCESS_SECRET,
      REFRESH_TOKEN_SECRET: REFRESH_SECRET,
    });
    shown = page.evaluate('store', ENTRIES) as unknown as Snippet;
    await shown.start();
  });

  test('the store finds users of the app, whatever the case, and those that it creates', async () => {
    await page.database.pool.query(
      "INSERT INTO accounts (email, roles) VALUES ('Ann@example.com', '{admin}')",
    );
    expect(await shown.users.findByUsername('ann@EXAMPLE.com')).toMatchObject({
      roles: ['admin'],
      disabled: false,
    });
    const bob = await shown.users.create({ username: 'Bob@example.com', passwordHash: null });
    expect(await shown.users.findById(bob.id)).toEqual(bob);
    expect(await shown.users.link(bob.id, { issuer: 'https://id.example', subject: '1' })).toBe(true);
    expect(await shown.users.credentials().add({ userId: bob.id, kind: 'totp', id: '1', data: 'x' })).toBe(
      true,
    );
  });

  if (name === 'prisma')
    test('the models are those that Prisma has generated the client of, and fit the tables', async () => {
      const schema = readFileSync(path.join(__dirname, 'prisma/postgres.prisma'), 'utf8');
      for (const mark of ['model', 'tables']) expect(schema).toContain(page.snippet(mark).trim());
      for (const model of ['accountUsername', 'accountIdentity', 'accountCredential'])
        expect(await (shown.db[model] as { findMany(): Promise<unknown[]> }).findMany()).not.toHaveLength(0);
    });

  if (name === 'drizzle')
    test('the tables fit ours', async () => {
      const tables = page.evaluate('tables', ENTRIES);
      const { db } = shown as unknown as { db: { select(): { from(table: unknown): Promise<unknown[]> } } };
      for (const table of Object.values(tables)) expect(await db.select().from(table)).not.toHaveLength(0);
    });
});
