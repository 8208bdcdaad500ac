const base = require('./jest.config.js');

/** What needs SQLite, and no server. test/libs/sqlite/drivers.slow.ts runs it on Node 24. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/libs/sqlite/*.sqlite.ts'],
  modulePathIgnorePatterns: [],
  // Kysely is an ES module, which Jest can't load as it is.
  transformIgnorePatterns: ['/node_modules/(?!kysely/)'],
  globalSetup: null,
  globalTeardown: null,
  testTimeout: 240_000,
  collectCoverage: false,
};
