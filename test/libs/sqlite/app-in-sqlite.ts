import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteRefreshTokenStore, SqliteUserStore } from '../../../src/stores/sqlite';
import type { AppDatabase } from '../../helpers/apps/app-database';
import { DRIVERS, type TestDatabase } from './databases';

/** Users and sessions in a file of SQLite, whose tables are there. */
export async function openSqliteStores() {
  const database = await openSqliteDatabase();
  const [users, refreshTokens] = [database.users(), database.sessions()];
  await users.migrate();
  await refreshTokens.migrate();
  return { ...database, users, refreshTokens };
}

/** A file of SQLite in a folder of its own, opened with node:sqlite. */
export function openSqliteDatabase(): Promise<AppDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'passport-visa-sqlite-'));
  const file = join(folder, 'app.db');
  const opened: TestDatabase[] = [];
  const open = () => {
    const database = (DRIVERS[0] as (typeof DRIVERS)[number])[1](file);
    database.exec('PRAGMA synchronous = OFF'); // these tests cut no power
    opened.push(database);
    return database;
  };
  const own = open();
  return Promise.resolve({
    url: `sqlite:${file}`,
    users: (options) => new SqliteUserStore(own, options),
    sessions: () => new SqliteRefreshTokenStore(open()),
    run: (sql, ...values) => Promise.resolve(void own.prepare(sql).run(...values)),
    close() {
      for (const database of opened) database.close();
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
}
