// Installs the programs that the tests need and that are missing.
import { spawnSync } from 'node:child_process';
import { findChromium, findCurl, findMariaDb, findPostgres, findPyJwt, findRedis } from './find-program.js';

/** @typedef {{ name: string, find: () => unknown, apt: string[], brew: string | undefined, byHand?: string }} Program */

/** @type {Program[]} */
const PROGRAMS = [
  { name: 'Redis', find: findRedis, apt: ['redis-server'], brew: 'redis' },
  { name: 'PostgreSQL', find: findPostgres, apt: ['postgresql'], brew: 'postgresql@16' },
  {
    name: 'MariaDB', // without a service: the tests start it
    find: findMariaDb,
    apt: ['mariadb-server-core', 'mariadb-client-core'],
    brew: 'mariadb',
  },
  { name: 'curl', find: findCurl, apt: ['curl'], brew: 'curl' }, // runs the commands that the example prints
  { name: 'Chromium', find: findChromium, apt: ['chromium'], brew: 'chromium' }, // opens the page of the example
  {
    name: 'PyJWT', // verifies our tokens by /jwks.json
    find: findPyJwt,
    apt: ['python3-jwt', 'python3-cryptography'],
    brew: undefined,
    byHand: "python3 -m pip install --user 'pyjwt[crypto]'",
  },
];

const missing = missingPrograms();
if (missing.length === 0) {
  console.log(`setup: ${names(PROGRAMS)} are installed`);
} else {
  install();
  const still = missingPrograms();
  const byHand = still.flatMap(({ name, byHand }) => (byHand ? `; install ${name} by hand: ${byHand}` : []));
  if (still.length > 0) fail(`${names(still)} still not found after the installation${byHand.join('')}`);
  console.log(`setup: ${names(missing)} installed`);
}

function install() {
  if (hasProgram('apt-get')) {
    const packages = missing.flatMap(({ apt }) => apt);
    announce(packages, 'apt-get');
    // The package lists may be old, or missing as in most container images.
    run(...asRoot('apt-get', ['update']));
    run(...asRoot('apt-get', ['install', '-y', '--no-install-recommends', ...packages]));
  } else if (hasProgram('brew')) {
    const formulae = missing.flatMap(({ brew }) => brew ?? []);
    if (formulae.length > 0) {
      announce(formulae, 'brew');
      run('brew', ['install', ...formulae]);
    }
  } else {
    fail(`install ${names(missing)} by hand: neither apt-get nor brew was found`);
  }
}

function missingPrograms() {
  return PROGRAMS.filter(({ find }) => find() === undefined);
}

/** @param {Program[]} programs */
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
