import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SqliteDatabase } from '../../../src/stores/sqlite';

/** What both drivers can do, and the tests need. */
export interface TestDatabase extends SqliteDatabase {
  close(): void;
}

interface DriverOptions {
  /** `busy_timeout` in milliseconds. Default: the driver's own. */
  timeout?: number;
}

/** The driver under test. The tests run once with better-sqlite3 here, and once with node:sqlite on Node 24 (node-24.slow.ts). */
export const DRIVER = process.env['SQLITE_DRIVER'] ?? 'better-sqlite3';

const load = createRequire(__filename);

/** Opens a file with the driver under test. */
export function openDatabase(file: string, options: DriverOptions = {}): TestDatabase {
  if (DRIVER === 'node:sqlite') {
    const { DatabaseSync } = load('node:sqlite') as {
      DatabaseSync: new (file: string, options: DriverOptions) => TestDatabase;
    };
    return new DatabaseSync(file, options);
  }
  const Database = load('better-sqlite3') as new (file: string, options: DriverOptions) => TestDatabase;
  return new Database(file, options);
}

/** A folder for the files of a test file, which is deleted after its tests. */
export function useFolder(): { file(name: string): string } {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-visa-sqlite-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return { file: (name) => join(folder, name) };
}
