const base = require('./jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/faults/**/*.faults.ts'],
  // Servers start, fail, are elected and heal.
  testTimeout: 240_000,
  reporters: [...(base.reporters ?? []), '<rootDir>/scripts/reliability-reporter.js'],
  collectCoverage: false,
  // Node 24, for SQLite, is among the libraries of test/libs/.
  globalSetup: '<rootDir>/test/helpers/servers/slow-global-setup.ts',
  modulePathIgnorePatterns: [],
};
