const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const base = require('./jest.config.js');

const TESTS = join(require.resolve('./jest.config.js'), '../test');
/** Tests on stores that `on-sqlite.ts` replaces. */
const ON_ANY_STORE = /EACH_STORES|useRealApp|createRealStores|attemptBackends|appDatabase/;
const NEEDS_REDIS = /connectRedis\(/;

/** The tests of the command line, of whole apps and of features that have stores to replace. */
const shared = ['cli', 'e2e', 'features']
  .flatMap((folder) =>
    readdirSync(join(TESTS, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => /(\.test|(two-processes|login\/killed-change|password-race)\.slow)\.ts$/.test(file))
  .filter((file) => {
    const text = readFileSync(join(TESTS, file), 'utf8');
    return ON_ANY_STORE.test(text) && !NEEDS_REDIS.test(text);
  });

/** What needs SQLite, and what works on every store. test/libs/sqlite/drivers.slow.ts runs it on Node 24. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['libs/sqlite/*.sqlite.ts', ...shared].map((file) => `<rootDir>/test/${file}`),
  setupFilesAfterEnv: ['<rootDir>/test/libs/sqlite/on-sqlite.ts'],
  modulePathIgnorePatterns: [],
  // Kysely is an ES module, which Jest can't load as it is.
  transformIgnorePatterns: ['/node_modules/(?!kysely/)'],
  globalSetup: null,
  globalTeardown: null,
  testTimeout: 240_000,
  collectCoverage: false,
};
