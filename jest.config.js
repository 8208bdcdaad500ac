/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '\\.m?[jt]s$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // A package of its own, with libraries that the slow tests alone need.
  modulePathIgnorePatterns: ['<rootDir>/test/libs/'],
  globalSetup: '<rootDir>/test/helpers/servers/global-setup.ts',
  globalTeardown: '<rootDir>/test/helpers/servers/global-teardown.ts',
  // Bounds only decide when a test fails, so they are for a busy machine.
  testTimeout: 120_000,
  maxWorkers: Math.max(2, require('node:os').availableParallelism() - 1),
  // Jest keeps what a test file has loaded. A worker that has grown is replaced.
  workerIdleMemoryLimit: '500MB',
  reporters: ['default', '<rootDir>/scripts/summary-reporter.js'],
  // Counting what was covered takes a fifth more CPU, so the gate does it (`.ci/run` sets CI), not every run.
  collectCoverage: Boolean(process.env.CI),
  // The workers of passwords run in threads, the CLI in its own process and SQLite on a newer Node, where coverage isn't counted.
  collectCoverageFrom: [
    ...['src/**/*.ts', '!src/accounts/password-worker.ts', '!src/hashes/phpass-worker.ts', '!src/cli/**'],
    // The slow tests run these, with the libraries of test/libs/.
    '!src/stores/{sqlite,mysql,prisma,drizzle,kysely,knex}/**',
    '!src/stores/app-table/{built-rows,dialects/mysql,dialects/sqlite}.ts',
  ],
  coverageReporters: ['text', 'text-summary'],
  coverageThreshold: { global: { lines: 95 } },
};
