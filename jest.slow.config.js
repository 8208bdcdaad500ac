const base = require('./jest.config.js');

/** What waits in real time: outages, failovers, browsers, processes of their own. @type {import('jest').Config} */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/**/*.slow.ts'],
  testTimeout: 240_000,
  collectCoverageFrom: [],
  coverageThreshold: {},
};
