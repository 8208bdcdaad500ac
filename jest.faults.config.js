const base = require('./jest.config.js');

/** @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/faults/**/*.faults.ts'],
  // Servers start, fail, are elected and heal.
  testTimeout: 90_000,
  collectCoverageFrom: [],
  coverageThreshold: {},
};
