// Ends the run's output with one plain line, "N passed, N failed".
const { writeSync } = require('node:fs');

class SummaryReporter {
  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    // A suite that failed to load ran no test, and must not look like success.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // The coverage report is yet to come, and with --forceExit Jest mutes the streams before it ends.
    process.once('exit', () => writeSync(1, `${results.numPassedTests} passed, ${failed} failed\n`));
  }
}

module.exports = SummaryReporter;
