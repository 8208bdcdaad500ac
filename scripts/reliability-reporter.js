// Jest reporter of the fault suite: if WRITE_RELIABILITY is set, writes the measurements of a complete run that passed into
// docs/reliability.md: `WRITE_RELIABILITY=1 npm run test:faults && npx prettier --write docs/reliability.md`.
const { readdirSync, readFileSync, writeFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');

/** @typedef {{ row: number, name: string, promise: string, requests: number, unavailable: number, unanswered: number, slowestMs: number, secondsToHeal?: number, sessions: number, sessionsLost: number, note?: string }} Result */

const HEAD = ['scenario', 'promise', 'requests', 'errors', 'slowest, ms', 'heals, s', 'lost', 'more'];
const [BEGIN, END] = ['<!-- measured -->', '<!-- end -->'];

class ReliabilityReporter {
  #results;
  #page;

  /** @param {{ rootDir: string }} config */
  constructor({ rootDir }) {
    this.#results = join(rootDir, 'test/faults/results');
    this.#page = join(rootDir, 'docs/reliability.md');
  }

  onRunStart() {
    rmSync(this.#results, { recursive: true, force: true });
  }

  /**
   * @param {unknown} _contexts
   * @param {import('@jest/reporters').AggregatedResult} results
   */
  onRunComplete(_contexts, results) {
    if (!process.env.WRITE_RELIABILITY || results.numFailedTests > 0) return;
    const page = readFileSync(this.#page, 'utf8');
    const [before, rest = ''] = page.split(BEGIN);
    const [, after] = rest.split(END);
    const rows = [HEAD, HEAD.map(() => '---'), ...readResults(this.#results).map(cellsOf)];
    const table = rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    writeFileSync(this.#page, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
  }
}

/**
 * @param {string} folder
 * @returns {Result[]} in the order of the table
 */
function readResults(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  /** @type {Result[]} */
  const results = files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
  return results.sort((a, b) => a.row - b.row);
}

/** @param {Result} result */
function cellsOf(result) {
  const { name, promise, requests, unavailable, unanswered, slowestMs, secondsToHeal } = result;
  const errors = unanswered > 0 ? `${unavailable} + ${unanswered} unanswered` : unavailable;
  const healed = secondsToHeal === undefined ? '–' : secondsToHeal.toFixed(1);
  const lost = `${result.sessionsLost} of ${result.sessions}`;
  return [name, promise, requests, errors, slowestMs, healed, lost, result.note ?? ''];
}

module.exports = ReliabilityReporter;
