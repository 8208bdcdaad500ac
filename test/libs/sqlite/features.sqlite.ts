import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EACH_STORES } from '../../helpers/apps/feature-stores';
import { openSqliteStores } from './app-in-sqlite';

EACH_STORES.splice(0, EACH_STORES.length, ['SQLite', openSqliteStores]);

/** All files that run on several stores. */
const FEATURES = join(__dirname, '../../features');
const files = readdirSync(FEATURES, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.test.ts') && readFileSync(join(FEATURES, file), 'utf8').includes('EACH_STORES'),
);

describe.each(files)('node:sqlite: features/%s', (file) => {
  jest.requireActual(join(FEATURES, file));
});
