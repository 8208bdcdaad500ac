const { globalSetup: _setup, globalTeardown: _teardown, ...base } = require('./jest.config.js');

/** The tests of SQLite, which need no server. test/libs/sqlite/node-24.slow.ts runs them on Node 24. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/libs/sqlite/*.slow.ts'],
  testPathIgnorePatterns: ['/node_modules/', 'node-24.slow.ts$'],
  testTimeout: 240_000,
  collectCoverage: false,
};
