// Which tests belong to changed files, and which of them fit into half a minute.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from './changed-files.mjs';

export const REPORT = `${CACHE}/tests.json`;
const DURATIONS = `${CACHE}/durations.json`;

/** Seconds of all test files together. Two of them run at a time, beside the steps that read the source. */
const BUDGET = 30;
/** What a test file takes that hasn't run here yet: in seconds, by the first folder that fits. */
const GUESSES = /** @type {const} */ ([
  [/^test\/(browser|e2e\/limits|docs)\//, 25],
  [/^test\/(features|e2e|cli|client)\/|layers/, 6],
  [/^test\/(stores|readme)/, 10],
  [/./, 1],
]);

/** Without a relation to be found in imports: every test depends on them. */
const DECIDES_TESTS = /^(jest\.config\.js|package-lock\.json|test\/helpers\/servers\/.*)$/;

/** What tests run in another process, so none imports it. */
const IN_OTHER_PROCESSES = /** @type {const} */ ([
  ['src/cli/', /^test\/cli\//],
  ['src/accounts/password-worker.ts', /^test\/accounts\//],
  ['src/hashes/phpass-worker.ts', /^test\/hashes\//],
  ['example/', /^test\/(e2e\/example\.test\.ts|browser\/)/],
  ['soak/', /^test\/soak\//],
]);

/**
 * The changed tests, and then the quickest of the others until the time is used up.
 *
 * @param {string[]} changed
 */
export function chooseTests(changed) {
  rmSync(REPORT, { force: true });
  const related = relatedTests(changed);
  const durations = existsSync(DURATIONS) ? JSON.parse(readFileSync(DURATIONS, 'utf8')) : {};
  /** @type {(test: string) => number} */
  const secondsOf = (test) => durations[test] ?? GUESSES.find(([pattern]) => pattern.test(test))?.[1];
  const first = related.filter((test) => changed.includes(test));
  const others = related.filter((test) => !changed.includes(test));
  others.sort((a, b) => secondsOf(a) - secondsOf(b));

  let seconds = first.reduce((sum, test) => sum + secondsOf(test), 0);
  const tests = [...first, ...others.filter((test) => (seconds += secondsOf(test)) <= BUDGET)];
  if (tests.length === related.length) return { tests, note: `${tests.length} files` };
  return {
    tests,
    note: `${tests.length} of the ${related.length} files that belong to the change`,
    leftOut: `       Not run, because all of them together take too long for this command:\n       npx jest ${related.filter((test) => !tests.includes(test)).join(' ')}`,
  };
}

/** @param {string[]} changed */
function relatedTests(changed) {
  const all = listTests([]);
  if (changed.some((file) => DECIDES_TESTS.test(file))) return all;
  const sources = changed.filter((file) => /\.[mc]?[jt]s$/.test(file) && existsSync(file));
  const roots = [...sources, ...testsThatName(changed)];
  const byImport = roots.length === 0 ? [] : listTests(['--findRelatedTests', ...roots]);
  const byFolder = IN_OTHER_PROCESSES.filter(([folder]) => changed.some((file) => file.startsWith(folder)));
  return [...new Set([...byImport, ...all.filter((test) => byFolder.some(([, tests]) => tests.test(test)))])];
}

/**
 * Pages, settings and scripts are no imports: tests and their helpers name the path, and read or run the file.
 *
 * @param {string[]} changed
 */
function testsThatName(changed) {
  const named = changed.filter((file) => !/^(src|test)\/.*\.ts$/.test(file));
  if (named.length === 0) return [];
  const everyTest = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join('test', file));
  return everyTest.filter((test) => {
    const text = readFileSync(test, 'utf8');
    if (test === 'test/docs/links.test.ts' || test === 'test/docs.test.ts')
      return named.some((file) => file.endsWith('.md'));
    return named.some((file) => text.includes(file) || text.includes(`'${path.basename(file)}'`));
  });
}

/** @param {string[]} args of Jest */
function listTests(args) {
  const output = execFileSync('npx', ['--no-install', 'jest', '--listTests', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'], // `forceExit` prints a warning even here
  });
  return output
    .split('\n')
    .filter(Boolean)
    .map((file) => path.relative('.', file));
}

/**
 * What Jest says of the last run.
 *
 * @returns {{ numPassedTests: number, numFailedTests: number, testResults: { name: string, startTime: number, endTime: number }[] } | undefined}
 */
function readReport() {
  return existsSync(REPORT) ? JSON.parse(readFileSync(REPORT, 'utf8')) : undefined;
}

export function countsOf() {
  const report = readReport();
  return report && `${report.numPassedTests} passed, ${report.numFailedTests} failed`;
}

/** So the next choice knows better. */
export function keepDurations() {
  const known = existsSync(DURATIONS) ? JSON.parse(readFileSync(DURATIONS, 'utf8')) : {};
  for (const { name, startTime, endTime } of readReport()?.testResults ?? [])
    known[path.relative('.', name)] = Math.round((endTime - startTime) / 100) / 10;
  writeFileSync(DURATIONS, JSON.stringify(known, undefined, 2));
}
