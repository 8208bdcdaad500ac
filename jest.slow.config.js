const base = require('./jest.config.js');

/** What waits in real time: outages, failovers, browsers, processes of their own; and the fuzz tests. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/**/*.slow.ts'],
  testTimeout: 240_000,
  globalSetup: '<rootDir>/test/helpers/servers/slow-global-setup.ts',
  modulePathIgnorePatterns: [],
  // Kysely is an ES module, which Jest can't load as it is.
  transformIgnorePatterns: ['/node_modules/(?!kysely/|kysely-replication/)'],
  collectCoverage: false,
};
