import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteRefreshTokenStore, type SqliteDatabase } from '../../../src/stores/sqlite';

/** What both drivers can do, and the tests need. */
export interface TestDatabase extends SqliteDatabase {
  close(): void;
}

type Open = (file: string, options?: object) => TestDatabase;
type Constructor = new (file: string, options?: object) => TestDatabase;

const load = createRequire(__filename);

/** The drivers, by name. Both need a newer Node than the other tests: drivers.slow.ts starts it. */
export const DRIVERS: [name: string, open: Open][] = [
  [
    'node:sqlite',
    (file, options = {}) => {
      const { DatabaseSync } = load('node:sqlite') as { DatabaseSync: Constructor };
      return new DatabaseSync(file, options);
    },
  ],
  [
    'better-sqlite3',
    (file, options = {}) => {
      const Database = load('better-sqlite3') as Constructor;
      return new Database(file, options);
    },
  ],
];

export interface Files {
  /** A file in a folder that is deleted after the tests. */
  path(name: string): string;
  /** Opens a file, or ':memory:', until after the tests. */
  open(name: string, options?: object): TestDatabase;
  /** A store with a connection of its own, as each process has. */
  store(name: string): SqliteRefreshTokenStore;
}

/** Files for the tests of a block, opened with one driver. */
export function useFiles(openFile: Open): Files {
  let folder: string;
  const opened: TestDatabase[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-visa-sqlite-'));
  });
  afterAll(async () => {
    for (const database of opened) database.close();
    await rm(folder, { recursive: true, force: true });
  });
  const files: Files = {
    path: (name) => (name === ':memory:' ? name : join(folder, name)),
    open(name, options) {
      const database = openFile(files.path(name), options);
      database.exec('PRAGMA synchronous = OFF'); // these tests cut no power
      opened.push(database);
      return database;
    },
    store: (name) => new SqliteRefreshTokenStore(files.open(name)),
  };
  return files;
}
