// Ends the output of a run with one plain line: "N passed, N failed".
const { writeSync } = require('node:fs');

class SummaryReporter {
  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    // A suite that failed to load has run no tests, and must not look like a success.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // On exit, because the coverage report comes after this. Synchronously, because with --forceExit Jest mutes the streams.
    process.once('exit', () => writeSync(1, `${results.numPassedTests} passed, ${failed} failed\n`));
  }
}

module.exports = SummaryReporter;
