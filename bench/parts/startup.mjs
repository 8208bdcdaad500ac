import { execFile } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinned, places } from '../lib/cores.mjs';
import { brief, range, whole } from '../lib/format.mjs';
import { atMost } from '../lib/report.mjs';
import { ACCESS_SECRET, FACTOR_KEY, PASSKEYS, REFRESH_SECRET } from '../lib/shared-settings.mjs';
import { median, spread } from '../lib/statistics.mjs';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NPM_TIMEOUT_MS = 120_000;

const NOTHING = 'nothing: bare Node';
const ALONE = 'passport-visa';
const FRAMEWORK = 'express, passport';
const AFTER = 'passport-visa, after express and passport';
const CREATED = 'the same, and the first createAuth';
const FACTORS = 'the same, with secondFactor and passkeys';

/** @param {string} features as they stand in the options of createAuth */
const createAuth = (features) => `
  const { createAuth, MemoryRefreshTokenStore, MemoryUserStore, secondFactor } = await import('passport-visa');
  createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: '${ACCESS_SECRET}' },
    refreshToken: { secret: '${REFRESH_SECRET}' },
    features: [${features}],
  });`;

/** What runs before the measurement starts, and what is measured. */
const plans = [
  { name: NOTHING, before: '', measured: '' },
  { name: FRAMEWORK, before: '', measured: importOf('express', 'passport') },
  { name: ALONE, before: '', measured: importOf('passport-visa') },
  { name: AFTER, before: importOf('express', 'passport'), measured: importOf('passport-visa') },
  { name: CREATED, before: importOf('express', 'passport'), measured: createAuth('') },
  {
    name: FACTORS,
    before: importOf('express', 'passport'),
    measured: `
      const { passkeys } = await import('passport-visa/passkeys');
      ${createAuth(`secondFactor({ issuer: 'Bench', key: '${FACTOR_KEY}' }), passkeys(${JSON.stringify(PASSKEYS)})`)}`,
  },
];

/** @param {...string} names */
function importOf(...names) {
  return names.map((name) => `await import('${name}');`).join(' ');
}

/**
 * @param {import('../run.mjs').Context} context
 * @returns {Promise<import('../lib/report.mjs').Part>}
 */
export async function measureStartUp({ pace }) {
  const folder = mkdtempSync(join(tmpdir(), 'passport-visa-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const { size, installed, withPeers } = await install(folder);
    const starts = await startOften(withPeers.folder, pace.startUps);
    const after = /** @type {Starts} */ (starts.get(AFTER));
    const middle = { milliseconds: median(after.milliseconds), megabytes: median(after.megabytes) };
    return {
      title: 'Start-up and install size',
      intro: `An import in a new process, ${pace.startUps} times in turn. The package is installed from its tarball.`,
      tables: [
        {
          columns: ['imported', 'CPU ms', 'spread', 'memory, MB', 'spread'],
          rows: plans.map(({ name }) => {
            const { milliseconds, megabytes } = /** @type {Starts} */ (starts.get(name));
            const times = spread(milliseconds);
            const memory = spread(megabytes);
            return [
              name,
              brief(times.median),
              range(times, brief),
              brief(memory.median),
              range(memory, brief),
            ];
          }),
        },
        {
          columns: ['on disk', 'size, kB', 'packages'],
          rows: [
            ['the package itself, unpacked', whole(size / 1000), '1'],
            ['installed with its dependencies', whole(installed.bytes / 1000), whole(installed.packages)],
            ['the same with express and passport', whole(withPeers.bytes / 1000), whole(withPeers.packages)],
          ],
        },
      ],
      targets: [
        atMost(
          'Start-up: CPU milliseconds of the import, after express and passport',
          80,
          middle.milliseconds,
          brief,
        ),
        atMost('Start-up: megabytes of the import, after express and passport', 8, middle.megabytes, brief),
      ],
      notes: [
        '_CPU ms_ is the CPU time of the import statement, of all threads. _memory_ is the resident memory after it, minus that of bare Node. In the last three rows it is minus the memory after express and passport, which every app loads anyway.',
        'The import loads the stores and the errors. The first `createAuth` loads the rest, so an app pays for the row of `createAuth` before its first request. A script that only uses a store pays for the row above it. Features load when they are called: the last row includes `@simplewebauthn/server`.',
        'The hashing threads start with the first password, so they are not in these figures.',
        'ioredis and pg are optional. Your app brings them, so they are not in these figures.',
      ],
    };
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** Installs the package as an app would: from the tarball, in a separate folder. @param {string} folder */
async function install(folder) {
  const { stdout } = await npm(ROOT, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const packed = JSON.parse(stdout);
  const [{ filename, unpackedSize: size }] = Array.isArray(packed) ? packed : Object.values(packed);
  const tarball = join(folder, filename);
  const alone = await installInto(join(folder, 'alone'), ['--legacy-peer-deps', tarball]);
  const withPeers = await installInto(join(folder, 'with-peers'), [tarball, 'express', 'passport']);
  // Only the features of the last row need it, so it is in none of the sizes.
  const scope = '@simplewebauthn';
  symlinkSync(join(ROOT, 'node_modules', scope), join(withPeers.folder, 'node_modules', scope));
  return { size, installed: alone, withPeers };
}

/** @param {string} folder @param {string[]} args */
async function installInto(folder, args) {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  await npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', ...args);
  const modules = join(folder, 'node_modules');
  return { folder, ...measureFolder(modules) };
}

/** @param {string} folder @param {...string} args */
function npm(folder, ...args) {
  // The settings of the npm that runs this script would make this npm work in the wrong folder.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|config_local_prefix|config_prefix)/.test(name),
    ),
  );
  return run('npm', args, { cwd: folder, timeout: NPM_TIMEOUT_MS, maxBuffer: 1e8, env });
}

/** @param {string} folder @returns {{ bytes: number, packages: number }} */
function measureFolder(folder) {
  let bytes = 0;
  let packages = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    bytes += lstatSync(join(entry.parentPath, entry.name)).size;
    if (entry.name === 'package.json' && /node_modules\/(@[^/]+\/)?[^/]+$/.test(entry.parentPath))
      packages += 1;
  }
  return { bytes, packages };
}

/** @typedef {{ milliseconds: number[], megabytes: number[] }} Starts */

/**
 * @param {string} folder
 * @param {number} times
 * @returns {Promise<Map<string, Starts>>}
 */
async function startOften(folder, times) {
  /** @type {Map<string, Starts>} */
  const starts = new Map(plans.map(({ name }) => [name, { milliseconds: [], megabytes: [] }]));
  for (let time = 0; time < times; time += 1) {
    let bare = NaN;
    for (const { name, before, measured: script } of plans) {
      const { milliseconds, bytesBefore, bytes } = await startOnce(folder, before, script);
      if (name === NOTHING) bare = bytes;
      const measured = /** @type {Starts} */ (starts.get(name));
      measured.milliseconds.push(milliseconds);
      measured.megabytes.push((bytes - (before === '' ? bare : bytesBefore)) / 1e6);
    }
  }
  return starts;
}

/**
 * @param {string} folder
 * @param {string} before
 * @param {string} measured
 * @returns {Promise<{ milliseconds: number, bytesBefore: number, bytes: number }>}
 */
async function startOnce(folder, before, measured) {
  const script = `
    ${before}
    const bytesBefore = process.memoryUsage.rss();
    const startedAt = process.cpuUsage();
    ${measured}
    const { user, system } = process.cpuUsage(startedAt);
    const milliseconds = (user + system) / 1000;
    console.log(JSON.stringify({ milliseconds, bytesBefore, bytes: process.memoryUsage.rss() }));`;
  const [program, args] = pinned(places.app, process.execPath, ['--input-type=module', '--eval', script]);
  const { stdout } = await run(program, args, { cwd: folder, timeout: 30_000 });
  return JSON.parse(stdout);
}
