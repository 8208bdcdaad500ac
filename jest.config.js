const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.m?[jt]s$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/test/helpers/servers/global-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/servers/global-teardown.ts',
  testTimeout: 30_000,
  // The tests spend much of their time waiting for servers that are down on purpose.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  reporters: ['default', '<rootDir>/scripts/summary-reporter.js'],
  // A test that fails halfway may leave connections open, and the run must still end.
  forceExit: true,
  // The password worker runs in its own thread and the CLI in its own process, where coverage isn't counted.
  collectCoverageFrom: ['src/**/*.ts', '!src/accounts/password-worker.ts', '!src/cli/**'],
  coverageReporters: ['text', 'text-summary'],
  coverageThreshold: { global: { lines: 95 } },
};
