// Installs the programs that the tests need and that are missing.
import { spawnSync } from 'node:child_process';
import { findChromium, findCurl, findPostgres, findRedis } from './find-program.js';

const PROGRAMS = [
  { name: 'Redis', find: findRedis, apt: 'redis-server', brew: 'redis' },
  { name: 'PostgreSQL', find: findPostgres, apt: 'postgresql', brew: 'postgresql@16' },
  { name: 'curl', find: findCurl, apt: 'curl', brew: 'curl' }, // runs the commands that the example prints
  { name: 'Chromium', find: findChromium, apt: 'chromium', brew: 'chromium' }, // opens the page of the example
];

const missing = missingPrograms();
if (missing.length === 0) {
  console.log(`setup: ${names(PROGRAMS)} are installed`);
} else {
  install();
  const still = missingPrograms();
  if (still.length > 0) fail(`${names(still)} still not found after the installation`);
  console.log(`setup: ${names(missing)} installed`);
}

function install() {
  if (hasProgram('apt-get')) {
    const packages = missing.map(({ apt }) => apt);
    announce(packages, 'apt-get');
    // The package lists may be old, or missing as in most container images.
    run(...asRoot('apt-get', ['update']));
    run(...asRoot('apt-get', ['install', '-y', '--no-install-recommends', ...packages]));
  } else if (hasProgram('brew')) {
    const formulae = missing.map(({ brew }) => brew);
    announce(formulae, 'brew');
    run('brew', ['install', ...formulae]);
  } else {
    fail(`install ${names(missing)} by hand: neither apt-get nor brew was found`);
  }
}

function missingPrograms() {
  return PROGRAMS.filter(({ find }) => find() === undefined);
}

/** @param {typeof PROGRAMS} programs */
function names(programs) {
  return programs.map(({ name }) => name).join(', ');
}

/** @param {string[]} packages @param {string} manager */
function announce(packages, manager) {
  console.log(`setup: installing ${packages.join(', ')} with ${manager}`);
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
function asRoot(program, args) {
  // There may be no person to answer debconf's questions.
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', program, ...args];
  if (process.getuid?.() === 0) return ['env', command.slice(1)];
  if (!hasProgram('sudo')) fail(`run it as root: ${program} needs it, and sudo was not found`);
  return ['sudo', command];
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) fail(`"${[program, ...args].join(' ')}" failed`);
}

/** @param {string} program */
function hasProgram(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
