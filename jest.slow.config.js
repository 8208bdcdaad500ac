const base = require('./jest.config.js');

process.env.FUZZ_RUNS ??= '1500';
process.env.FUZZ_SEED ??= '20261121';

/** What waits in real time: outages, failovers, browsers, processes of their own; and a longer fuzz. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/**/*.slow.ts', '<rootDir>/test/fuzz/*.test.ts'],
  testTimeout: 240_000,
  globalSetup: '<rootDir>/test/helpers/servers/slow-global-setup.ts',
  modulePathIgnorePatterns: [],
  // Kysely is an ES module, which Jest can't load as it is.
  transformIgnorePatterns: ['/node_modules/(?!kysely/|kysely-replication/)'],
  collectCoverage: false,
};
