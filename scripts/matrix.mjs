// Packs the package once, and proves in new projects that it installs and works: `npm run test:matrix -- --node 20,24`.
// With `--built` it uses dist/ as it is, without building.
//
// Users differ in their version of Node, ESM or CJS, Express 4 or 5, ioredis 5 or 6, and types. Each Node is tested with each of
// these values, but not with each pair: no code in the package depends on two of them together. Installation and types don't
// depend on Node, so projects are installed once and types are checked once.
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findNodes } from './matrix/node-versions.mjs';
import { install } from './matrix/project.mjs';
import { run } from './matrix/run.mjs';
import { checkTypesOfApps, loadApps, writeApps } from './matrix/subpaths.mjs';
import { packAndCheck } from './matrix/tarball.mjs';
import { titleOf, TYPE_CHECKS, typeCheck } from './matrix/type-checks.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SMOKE = join(ROOT, 'scripts/smoke');

/** What each project installs beside the tarball. The `@types` packages have the versions that this repository uses. */
const PROJECTS = {
  express5: ['express@5', 'ioredis@6', 'passport', 'pg@8', ...installed('@types/express', '@types/pg')],
  express4: [
    'express@4',
    'ioredis@5',
    'passport',
    'pg@8',
    '@types/express@4',
    'typescript@~5.9.0',
    ...installed('@types/pg'),
  ],
  jest: ['express@5', 'passport', 'jest', 'supertest'],
};
const TYPES = installed('@types/node');

/** What each Node runs. The command `npx passport-visa` is run from here too: { project, title, args: [its file] }. */
const RUNS = [
  { project: 'express5', title: 'ESM, Express 5, ioredis 6, pg 8', args: ['main.mjs'] },
  { project: 'express4', title: 'CJS, Express 4, ioredis 5, pg 8', args: ['main.cjs'] },
  { project: 'jest', title: 'Jest in CJS', args: ['node_modules/jest/bin/jest.js'] },
];

const { values } = parseArgs({
  options: { node: { type: 'string', default: '20,22,24,26' }, built: { type: 'boolean', default: false } },
});
const folder = mkdtempSync(join(tmpdir(), 'passport-visa-matrix-'));
/** @type {string[]} */
const failures = [];
try {
  await runMatrix(values.node.split(','));
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) console.error(`test:matrix: ${failure}`);
console.log(failures.length === 0 ? 'test:matrix: all passed' : `test:matrix: ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** @param {string[]} majors */
async function runMatrix(majors) {
  await import('./libs.mjs'); // installs what is missing of test/libs/
  const tarball = packAndCheck(folder, values.built);
  await step('install the projects', () => installProjects(tarball));
  const nodes = await findNodes(majors);
  const subpaths = writeApps(join(folder, 'jest'));
  const checks = TYPE_CHECKS.map(
    (check) => () => step(titleOf(check), () => typeCheck(check, join(folder, check.project))),
  );
  checks.push(() =>
    step('types of each optional entry, with its library alone', () => checkTypesOfApps(subpaths)),
  );
  await Promise.all([inTurn(checks), runOnAll(nodes, subpaths)]);
}

/** @param {string} tarball */
async function installProjects(tarball) {
  for (const [name, packages] of Object.entries(PROJECTS)) {
    await install(join(folder, name), [tarball, ...packages, ...TYPES]);
    for (const file of ['main.mjs', 'main.cjs', 'app.cjs', 'app.test.js'])
      copyFileSync(join(SMOKE, file), join(folder, name, file));
  }
}

/** @param {Map<string, string>} nodes @param {string} subpaths */
async function runOnAll(nodes, subpaths) {
  const { startServers } = /** @type {import('./matrix/servers.cjs')} */ (
    createRequire(import.meta.url)('./matrix/servers.cjs')
  );
  const servers = await startServers();
  try {
    for (const [major, node] of nodes) {
      for (const { project, title, args } of RUNS) {
        const cwd = join(folder, project);
        await step(`Node ${major}: ${title}`, () => run(node, args, { cwd, env: servers.env }));
      }
      await step(`Node ${major}: each optional entry, with its library alone`, () =>
        loadApps(node, subpaths),
      );
      // `npm test` has run them with this one.
      if (node !== process.execPath)
        await step(`Node ${major}: the hashes that its node:crypto has`, () =>
          run(node, ['node_modules/jest/bin/jest.js', 'test/hashes'], { cwd: ROOT }),
        );
    }
  } finally {
    await servers.stop();
  }
}

/** @param {(() => Promise<void>)[]} steps */
async function inTurn(steps) {
  for (const each of steps) await each();
}

/**
 * Continues after a failure, so one run shows all of them.
 * @param {string} title
 * @param {() => Promise<void>} work
 */
async function step(title, work) {
  const start = performance.now();
  const passed = await work().then(
    () => true,
    (error) => {
      failures.push(`${title}: ${error.message}`);
      return false;
    },
  );
  console.log(
    `${passed ? 'passed' : 'FAILED'}  ${((performance.now() - start) / 1000).toFixed(1)} s  ${title}`,
  );
}

/**
 * @param {string[]} names
 * @returns {string[]} each with the version that this repository uses
 */
function installed(...names) {
  return names.map((name) => {
    const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
    return `${name}@${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
  });
}
