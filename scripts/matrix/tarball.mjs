// Packs the package and checks the tarball that users would get.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = new URL('../..', import.meta.url);
const EXPECTED =
  /^(dist\/.+|docs\/((decisions|reference|strategies)\/)?[\w-]+\.md|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE)$/;
// The client is for browsers, which only load ES modules, so it needn't work with `require`.
const ESM_ONLY = ['client', 'client/account', 'client/second-factor'];
// dist/testing is for users; compiled tests are not.
const TEST_FILE = /^dist\/(test\/|.*\.test\.)/;

/**
 * @param {string} folder where the tarball goes
 * @param {boolean} isBuilt whether dist/ is up to date
 * @returns {string} its path
 */
export function packAndCheck(folder, isBuilt) {
  if (!isBuilt) run('npm', ['run', '--silent', 'build']);
  const { tarball, files } = pack(folder);
  checkFiles(files);
  npx('publint', 'run', tarball, '--strict');
  // The default profile also resolves as Node 10 did, without `exports`.
  npx('attw', tarball, '--profile', 'node16', '--exclude-entrypoints', ...ESM_ONLY);
  npx('attw', tarball, '--profile', 'esm-only', '--entrypoints', ...ESM_ONLY);
  return tarball;
}

/** @param {string} folder */
function pack(folder) {
  // A prepack script would print its output into the JSON.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const json = execFileSync('npm', args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files }] =
    /** @type {[{ filename: string, files: { path: string, size: number }[] }]} */ (JSON.parse(json));
  return { tarball: join(folder, filename), files };
}

/** @param {{ path: string, size: number }[]} files */
function checkFiles(files) {
  for (const { path, size } of files) console.log(`${String(size).padStart(8)}  ${path}`);
  const unexpected = files.filter(({ path }) => !EXPECTED.test(path) || TEST_FILE.test(path));
  if (unexpected.length === 0) return;
  throw new Error(
    `these files don't belong in the package: ${unexpected.map(({ path }) => path).join(', ')}`,
  );
}

/** @param {string[]} command */
function npx(...command) {
  run('npx', ['--no-install', ...command]);
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  execFileSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}
