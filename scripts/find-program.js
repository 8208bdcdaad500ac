// Finds Redis, PostgreSQL, MariaDB, curl, Chromium and PyJWT on this machine. CommonJS, because setup.mjs and the tests both load it.
const { spawnSync } = require('node:child_process');
const { accessSync, constants, readdirSync } = require('node:fs');
const { delimiter, join } = require('node:path');

// Homebrew's folders on Apple silicon and on Intel.
const BREW_FOLDERS = ['/opt/homebrew/opt', '/usr/local/opt'];
// Debian keeps PostgreSQL's server programs off the PATH, in one folder per version.
const DEBIAN_POSTGRES = '/usr/lib/postgresql';
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_CHROMIUMS = ['Chromium', 'Google Chrome'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** @returns {string | undefined} the path of redis-server */
function findRedis() {
  const folder = findFolder(
    [...pathFolders(), ...BREW_FOLDERS.map((brew) => join(brew, 'redis/bin'))],
    ['redis-server'],
  );
  return folder && join(folder, 'redis-server');
}

/** @returns {string | undefined} the path of curl */
function findCurl() {
  const folder = findFolder(pathFolders(), ['curl']);
  return folder && join(folder, 'curl');
}

/** @returns {string | undefined} the path of Chromium or Chrome; CHROMIUM_PATH overrides it */
function findChromium() {
  const given = process.env.CHROMIUM_PATH;
  if (given) return isExecutable(given) ? given : undefined;
  const paths = CHROMIUM_NAMES.flatMap((name) => pathFolders().map((folder) => join(folder, name)));
  return [...paths, ...MAC_CHROMIUMS].find(isExecutable);
}

/** @returns {string | undefined} a Python that has PyJWT and what it verifies public-key signatures with */
function findPyJwt() {
  // The system's own first: its packages are those of apt-get.
  const pythons = ['/usr/bin', ...pathFolders()]
    .map((folder) => join(folder, 'python3'))
    .filter(isExecutable);
  return pythons.find((python) => spawnSync(python, ['-c', 'import jwt, cryptography']).status === 0);
}

/** @returns {{ initdb: string, postgres: string } | undefined} the paths of the server's programs */
function findPostgres() {
  const brewed = BREW_FOLDERS.flatMap((brew) =>
    versions(brew).filter((name) => name.includes('/postgresql')),
  );
  const folders = [...versions(DEBIAN_POSTGRES), ...brewed].map((version) => join(version, 'bin'));
  const folder = findFolder([...pathFolders(), ...folders], ['initdb', 'postgres']);
  if (!folder) return undefined;
  return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

/** @returns {{ server: string, initialise: string, base: string } | undefined} the server, the program that makes its data folder, and the folder above both */
function findMariaDb() {
  // Debian's server is in /usr/sbin, which isn't on every user's PATH.
  const base = [
    ...pathFolders().map((folder) => join(folder, '..')),
    '/usr',
    ...BREW_FOLDERS.map((brew) => join(brew, 'mariadb')),
  ].find((folder) => isExecutable(join(folder, 'bin/mariadb-install-db')));
  if (base === undefined) return undefined;
  const server = ['sbin', 'bin'].map((folder) => join(base, folder, 'mariadbd')).find(isExecutable);
  return server === undefined
    ? undefined
    : { server, initialise: join(base, 'bin/mariadb-install-db'), base };
}

function pathFolders() {
  return (process.env.PATH ?? '').split(delimiter).filter(Boolean);
}

/**
 * @param {string} folder
 * @returns {string[]} what is in it, the newest version first
 */
function versions(folder) {
  try {
    const names = readdirSync(folder).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * @param {string[]} folders
 * @param {string[]} programs
 * @returns {string | undefined} the first folder that has all the programs
 */
function findFolder(folders, programs) {
  return folders.find((folder) => programs.every((program) => isExecutable(join(folder, program))));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

module.exports = { findChromium, findCurl, findMariaDb, findPostgres, findPyJwt, findRedis };
