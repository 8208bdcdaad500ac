// What one runs before a commit: format, layers, types, lint, and the tests of what has changed. `.ci/run` checks everything.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { CACHE, changedFiles, filesToLint } from './check/changed-files.mjs';
import { chooseTests, countsOf, keepDurations, REPORT } from './check/choose-tests.mjs';

const started = Date.now();
const { files, since } = changedFiles(process.argv[2]);
console.log(`check: ${count(files, 'changed file')} ${since}`);
mkdirSync(CACHE, { recursive: true });

// Two lanes, one for each of two cores: what reads the source, and what needs dist/ and servers.
const build = step('build', 'npm', ['run', '--silent', 'build']);
const [readsFine, testsPass] = await Promise.all([readSource(), buildAndTest()]);
console.log(`check: ${readsFine && testsPass ? 'passed' : 'FAILED'} in ${seconds(started)}`);
process.exitCode = readsFine && testsPass ? 0 : 1;

async function readSource() {
  const { lint, note } = filesToLint(files);
  const first = [
    // Prettier's result depends on the file and its options only, and both are part of the key of its cache.
    await step('format', 'prettier', [
      ...['--check', '.', '--log-level', 'warn', '--cache', '--cache-strategy', 'content'],
      ...['--cache-location', `${CACHE}/prettier`],
    ]),
    await step('layers', 'depcruise', ['src', '--config', '.dependency-cruiser.cjs']),
  ];
  await build; // a helper of the tests imports from dist/
  const results = [
    ...first,
    // The compiler keeps what it knows of each file, and checks again the files that a change can affect.
    await step('types', 'tsc', ['--incremental', '--tsBuildInfoFile', `${CACHE}/types.tsbuildinfo`]),
    await step('types of the example', 'tsc', ['-p', 'example/public']),
    // No cache of ESLint's: it judges a file again only when that file changes, but the types that it imports count too.
    await step('lint', 'eslint', ['--no-warn-ignored', ...lint], note),
  ];
  return results.every(Boolean);
}

async function buildAndTest() {
  if (!(await build)) return false;
  const { tests, note, leftOut } = chooseTests(files);
  if (tests.length === 0) return true;
  const passed = await step('tests', 'jest', ['--json', '--outputFile', REPORT, ...tests], () =>
    [countsOf(), note].join(', '),
  );
  keepDurations();
  if (leftOut !== undefined) console.log(leftOut);
  return passed;
}

/**
 * Runs a program of the project, prints one line, and its output only if it fails.
 *
 * @param {string} name
 * @param {string} program
 * @param {string[]} args
 * @param {string | (() => string)} note asked for after the run
 * @returns {Promise<boolean>}
 */
function step(name, program, args, note = '') {
  const from = Date.now();
  const command = program === 'npm' ? [program, ...args] : ['npx', '--no-install', program, ...args];
  return new Promise((resolve) => {
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => (output += error.message));
    child.on('close', (status) => {
      const details = typeof note === 'string' ? note : note();
      const result = status === 0 ? 'ok    ' : 'FAILED';
      console.log(`${result} ${name}, ${[seconds(from), details].filter(Boolean).join(': ')}`);
      if (status !== 0) console.log(output);
      resolve(status === 0);
    });
  });
}

/** @param {number} from */
function seconds(from) {
  return `${((Date.now() - from) / 1000).toFixed(1)} s`;
}

/** @param {string[]} all @param {string} noun */
function count(all, noun) {
  return `${all.length} ${noun}${all.length === 1 ? '' : 's'}`;
}
