// Installs the libraries of test/libs/ for the slow tests, and generates Prisma's clients. Does nothing when all is there already.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../test/libs/', import.meta.url));
const SCHEMAS = path.join(FOLDER, 'prisma');
/** Inside node_modules/, which `npm ci` removes first: so it is never older than what it speaks of. */
const STAMP = path.join(FOLDER, 'node_modules/.installed');

const schemas = readdirSync(SCHEMAS).filter((file) => file.endsWith('.prisma'));
const wanted = fingerprint();
if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) {
  console.log('libs: installing the libraries of test/libs/');
  run('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']);
  for (const schema of schemas)
    run(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--schema', `prisma/${schema}`]);
  writeFileSync(STAMP, wanted);
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...schemas.map((schema) => `prisma/${schema}`)])
    hash.update(file).update(readFileSync(path.join(FOLDER, file)));
  return hash.digest('hex');
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  const { status, output, error } = spawnSync(program, args, {
    cwd: FOLDER,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CHECKPOINT_DISABLE: '1', // no look for updates
      // `generate` never runs the engine, but would download it if no path to a program were given.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    },
  });
  if (status === 0) return;
  console.error(`libs: ${program} ${args.join(' ')} failed\n${error ?? output.join('')}`);
  process.exit(1);
}
