import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, platform, release, totalmem } from 'node:os';
import programs from '../../scripts/find-program.js';
import { canPin, coreCount, places } from './cores.mjs';

/** @returns {string[]} what the figures depend on, without names or paths of this machine */
export function describeMachine() {
  return [...describeHost(), `Packages: ${packageVersions().join(', ')}.`];
}

/** Without the versions of packages. @returns {string[]} */
export function describeHost() {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB of memory`;
  const pinning = canPin
    ? `App on core ${places.app}, load generator on core ${places.load}, Redis and PostgreSQL on core ${places.data}.`
    : 'Processes could not be pinned to cores.';
  return [
    `Date: ${new Date().toISOString().slice(0, 10)}.`,
    `Machine: ${cpus()[0]?.model.trim()}, ${coreCount} cores, ${memory}, ${platform()} ${release()}. ${pinning}`,
    `Node ${process.version.slice(1)}, Redis ${versionOf(programs.findRedis())}, PostgreSQL ${versionOf(programs.findPostgres()?.postgres)}.`,
  ];
}

/** @param {string | undefined} program */
function versionOf(program) {
  if (!program) return '(not installed)';
  return /\d+(\.\d+)+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0];
}

function packageVersions() {
  const { dependencies } = readJson('../package.json');
  return Object.keys(dependencies).map(
    (name) => `${name} ${readJson(`../node_modules/${name}/package.json`).version}`,
  );
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}
