import { readFileSync, writeFileSync } from 'node:fs';
import knex from 'knex';
import type { UserStore } from '../../../src';
import { KnexUserStore } from '../../../src/stores/knex';
import { SqliteRefreshTokenStore, SqliteUserStore } from '../../../src/stores/sqlite';
import { newSession } from '../../stores/samples';
import { DRIVERS, useFiles, type TestDatabase } from './databases';

const UNAVAILABLE = { name: 'AuthError', code: 'SERVICE_UNAVAILABLE' };
const columns = { id: 'id', username: 'email', passwordHash: 'password' };
/** How many bytes of the file are left as they were. */
const DAMAGES: [what: string, kept: number][] = [
  ['is no database any more', 0],
  ['has lost all pages but the first', 4096],
];

async function prepare(database: TestDatabase): Promise<void> {
  await new SqliteUserStore(database).migrate();
  await new SqliteRefreshTokenStore(database).migrate();
  database.exec('CREATE TABLE people (id integer PRIMARY KEY, email text NOT NULL UNIQUE, password text)');
  await new SqliteUserStore(database, { table: 'people', columns }).migrate();
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.exec('PRAGMA journal_mode = DELETE');
  database.close();
}

function damage(file: string, kept: number): void {
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill('x', kept));
}

const callsOf = (users: UserStore) => [
  () => users.findByUsername('ann'),
  () => users.create({ username: 'ann', passwordHash: null }),
  () => users.updatePasswordHash('1', 'x', null),
];

describe.each(DRIVERS)('%s', (_driver, open) => {
  const files = useFiles(open);

  test.each(DAMAGES)('a file that %s is a 503', async (what, kept) => {
    const file = files.path(`${what}.db`);
    await prepare(open(file));
    damage(file, kept);
    const database = open(file);
    const sessions = new SqliteRefreshTokenStore(database);
    const calls = [
      ...callsOf(new SqliteUserStore(database)),
      ...callsOf(new SqliteUserStore(database, { table: 'people', columns })),
      () => sessions.find('ann', 'x'),
      () => sessions.create(newSession('ann', 'x')),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject(UNAVAILABLE);
    database.close();
  });
});

describe('Knex', () => {
  const [, [, open]] = DRIVERS as [unknown, (typeof DRIVERS)[number]];
  const files = useFiles(open);

  test.each(DAMAGES)('a file that %s is a 503', async (what, kept) => {
    const filename = files.path(`${what}.db`);
    await prepare(open(filename));
    damage(filename, kept);
    const db = knex({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true });
    for (const call of callsOf(new KnexUserStore(db, { table: 'people', columns })))
      await expect(call()).rejects.toMatchObject(UNAVAILABLE);
    await db.destroy();
  });
});
